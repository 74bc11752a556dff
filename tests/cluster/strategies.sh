#!/bin/bash
# Tasks and actors run where they were told to, and say why where they cannot.
. "$(dirname "$0")/lib.sh"

box_up --nodes 3
job 60 --nodes=3 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/strategies"
check "tasks with a hard affinity run on their node alone" all_of 'status_is 0' 'says "^hard: n2$"'
check "a soft affinity to a node that is unknown runs elsewhere" says '^soft: n$'
check "labels select the nodes of tasks" says '^labels: n2$'
check "actors are spread over idle nodes, one each" says '^three: 3 nodes$'
check "an actor lives on the node it names" says '^resident: n3$'
check "a node that is unknown is an InfeasibleError that names it" says '^unknown: Infeasible: none of 3 nodes is called n9'
check "what no node has falls back on other labels" says '^or else: n3$'
check "labels to fall back on need some before them" says '^or nothing: Error: or_where\(\) goes with where\(\)'
check "labels that no node has are an InfeasibleError with counts" says '^nobody: Infeasible: 0 of 3 nodes have zone=a'
check "labels that cannot be read are one clear sentence at submit" says "^malformed: Error: the label zone cannot be 'in\(a,'"
check "options that exclude each other are one clear sentence at submit" says '^contradiction: Error: spread\(\) and on_node\(\) exclude'
check_nothing_left "the strategies"
