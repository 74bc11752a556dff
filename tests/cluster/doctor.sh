#!/bin/bash
# atoll doctor on a site with everything that an admin can get wrong with the plugin.
. "$(dirname "$0")/plugin.sh"

folder=$scratch/plugstack.d
mkdir "$folder"
plugin=$scratch/spank_atoll.so
cp "$bin/spank_atoll.so" "$plugin"
echo "include $folder/*" > "$scratch/plugstack.conf"
good_line="optional $plugin atoll=$bin/atoll"
good() { rm -rf "${folder:?}"/*; cp "$bin/spank_atoll.so" "$plugin.new"; chmod "${1-755}" "$plugin.new"; mv "$plugin.new" "$plugin"; echo "$good_line" > "$folder/atoll.conf"; }
doctor() { command_for 60 "$bin/atoll" doctor "$@"; }
finds() { all_of "status_is $1" "says '$2'" 'says "^[0-9]+ nodes?: "'; }

good
box_up --nodes 3 --gpus 0 --plugstack "$scratch/plugstack.conf"
doctor --site
check "a site that is well gets no warning" all_of 'status_is 0' 'says "^3 nodes: all is well"'
doctor --site --json
check "and says so as JSON" python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["ok"] and d["nodes"]==["n1","n2","n3"] and {"plugin","slurm","same"} - {f["check"] for f in d["findings"]} == {"same"}, d' "$log"
doctor
check "the login host is well too" all_of 'status_is 0' 'says "built for Slurm"'
job 30 --nodes=2 -- "$bin/atoll" doctor --site
check "inside a job its nodes are asked" all_of 'status_is 0' 'says "^2 nodes: all is well"'
login scontrol update PartitionName=box 'Nodes=n[1-2]'
login scontrol create PartitionName=other Nodes=n3 State=UP
doctor --site
check "nodes outside of the default partition are asked too" all_of 'status_is 0' 'says "^3 nodes: all is well"'
login scontrol delete PartitionName=other
login scontrol update PartitionName=box 'Nodes=n[1-3]'

echo "$good_line" > "$folder/again.conf"
doctor --site
check "a second line that loads it is found" finds 1 "the plugin is loaded 2 times, by $folder/again.conf:1 and $folder/atoll.conf:1"
good
mv "$folder/atoll.conf" "$folder/atoll.conf.dpkg-old"
doctor --site
check "a leftover of a package manager is found" finds 0 "an include of .* catches $folder/atoll.conf.dpkg-old"
good
echo "required spank_atoll.so max_node=3" > "$folder/atoll.conf"
doctor --site
check "required, a bare name and an unknown setting are found" all_of 'finds 1 "says required"' 'says "names spank_atoll.so without its folder"' 'says "has the setting max_node=3, which there is not"'
good
echo "optional $plugin atoll=/nowhere/atoll" > "$folder/atoll.conf"
doctor --site
check "an atoll that is missing is found" finds 1 "/nowhere/atoll, which the plugin starts, cannot be executed"
good 775
doctor --site
check "a plugin that others may write is found" finds 1 "can be written by others than root"

# The same source, as if with the headers of another Slurm.
mkdir -p "$scratch/include/slurm"
cp /usr/include/slurm/{spank,slurm,slurm_errno}.h "$scratch/include/slurm/"
sed 's/\(#define SLURM_VERSION_NUMBER\).*/\1 0x180b05/' /usr/include/slurm/slurm_version.h > "$scratch/include/slurm/slurm_version.h"
cc -std=gnu11 -shared -fPIC -I. -isystem "$scratch/include" -o "$plugin.new" spank_plugin/*.c && mv "$plugin.new" "$plugin"
doctor --site
check "a plugin of another Slurm is found" finds 1 "spank_atoll.so is built for Slurm 24.11, but Slurm 22.05 runs here"
command_for 20 srun --nodes=3 true
check "and jobs run all the same" status_is 0
good
rm "$plugin"
doctor --site
check "a plugin that is missing is found" finds 1 "the plugin cannot be read"
rm "$folder/atoll.conf"
doctor --site
check "a site without the plugin is told the line to add" finds 1 "the plugin is not installed"
doctor
check "for a host it is only a hint" status_is 0
good

login scontrol update NodeName=n3 State=DRAIN Reason=test
doctor --site
check "a drained node is named, and not asked" all_of 'finds 0 "not asked, since Slurm says drained.*n3"' 'says "^2 nodes: "'
login scontrol update NodeName=n3 State=RESUME
submit full --nodelist=n2 --mem=4096 --wrap='sleep 60'
await 10 eval '[ "$(job_field "$job" JobState)" = RUNNING ]'
doctor --site
check "a node without room is named, and the others are asked" all_of 'finds 0 "not asked, since it has no room now.*n2"' 'says "^2 nodes: "'
login scancel "$job"
ended full
begin_job 60 --nodes=3 -- bash -c "touch $scratch/granted; until [ -e $scratch/lost ]; do sleep 0.1; done; $bin/atoll doctor --site"
await 10 test -e "$scratch/granted"
box kill n2 > /dev/null
login scontrol update NodeName=n2 State=DOWN Reason=test
touch "$scratch/lost"
finish
check "in a job that has lost a node the others are asked" all_of 'finds 0 "not asked, since Slurm says down.*n2"' 'says "^2 nodes: "'
login scontrol update NodeName=n2 State=RESUME
doctor --site --timeout 8
check "a node that does not answer is named" all_of 'says "(gave no answer|not asked, since Slurm says).*n2"' 'took_less 30'
check "and no job of the doctor's is left" await 10 eval '[ -z "$(login squeue --noheader --format=%j | grep doctor)" ]'
doctor --site --nodelist=n1
check "only those that are asked for" all_of 'status_is 0' 'says "^1 node: all is well"'

# Slurm's commands of a site whose nodes all have work and give no answer.
mkdir "$scratch/silent"
printf '#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do echo "n$n mixed box"; done\n' > "$scratch/silent/sinfo"
printf '#!/bin/sh\ncase $1 in --no-kill) exec sleep 60 ;; esac\n' > "$scratch/silent/srun"
chmod +x "$scratch/silent/sinfo" "$scratch/silent/srun"
command_for 30 env PATH="$scratch/silent:$PATH" "$bin/atoll" doctor --site --timeout 1
check "the time limit is for all nodes together" all_of 'finds 1 "gave no answer in time.*n1"' 'says "not asked, since the time was up.*n.2-8"' 'took_less 6'
