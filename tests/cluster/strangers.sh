#!/bin/bash
# Who does not know the cluster's secret does not come in, and harms nobody.
. "$(dirname "$0")/lib.sh"

cat > "$scratch/body" <<'BODY'
set -u
folder=$(atoll up) || exit
hello=$ATOLL_BIN/examples/hello
cp -a "$folder" "$folder-x"
# Another secret of the same length: its first digit becomes 1 if it was 0, else 0.
sed -Ei 's/("secret": *")0/\11/; t; s/("secret": *")./\10/' "$folder-x/cluster.json"
cmp "$folder/cluster.json" "$folder-x/cluster.json"
ATOLL_SESSION=$folder-x timeout 30 "$ATOLL_BIN/tests/cluster/faults" spread 1
echo "forged: $?"
rm -rf "$folder-x"
ATOLL_SESSION=$folder timeout 30 "$hello"
echo "honest: $?"
touch "$1/up"
until [ -e "$1/disturbed" ]; do sleep 0.05; done
ATOLL_SESSION=$folder timeout 30 "$hello"
echo "after noise: $?"
atoll status
cat "$folder/log"
atoll down
BODY

# Every port of NODE on which one of ours listens gets bytes that mean nothing, from another node.
make_noise() {
  local port
  on "$1" ss -Hltnp | awk '/"(atolld|hello|faults)"/ { sub(/.*:/, "", $4); print $4 }' | sort -u > "$scratch/ports"
  while read -r port; do
    echo "noise for $1:$port"
    on n3 timeout 5 bash -c "head -c 100000 /dev/urandom > /dev/tcp/$1/$port"
  done < "$scratch/ports"
}

box_up --nodes 3
begin_job 120 --nodes=2 --cpus-per-task=4 -- bash "$scratch/body" "$scratch"
check "the cluster is up" await 60 test -e "$scratch/up"
check "a driver with another secret is refused with a sentence" all_of 'says "^forged: 1$"' 'says "^faults: .*secret"'
check "a driver with the right one comes in" says '^honest: 0'
make_noise n1 > "$scratch/noise" 2>&1
make_noise n2 >> "$scratch/noise" 2>&1
check "there are ports to make noise at" grep -q '^noise for n1' "$scratch/noise"
touch "$scratch/disturbed"
finish
check "noise on its ports does not harm the cluster" all_of 'says "^after noise: 0"' 'says "2 of 2 nodes alive"' 'status_is 0'
check_nothing_left "strangers"
