# The functions of bash's completion of atoll; scripts/install/completion puts its tables before them.

# _atoll_scan: sets command to the first word that is no option, and program to where atoll run's program begins, or to nothing.
_atoll_scan() {
  local at word
  command='' program=''
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=${COMP_WORDS[at]}
    if [[ $word == -- ]]; then
      program=$((at + 1))
      return
    elif [[ -n $command && ${_atoll_valued[$command]-} == *" $word "* ]]; then
      ((++at))
      [[ ${COMP_WORDS[at]-} != = ]] || ((++at))
    elif [[ $word == -* ]]; then
      :
    elif [[ -z $command ]]; then
      command=$word
    elif [[ $command == run ]]; then
      program=$at
      return
    fi
  done
}

_atoll_values() {  # OPTION: the values that are words; anything else is a file name
  case $1 in
    --format) COMPREPLY=($(compgen -W 'auto atoll hwloc nccl nvidia-smi' -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}

_atoll_program() {  # by its path, or a command's name
  if [[ $current == */* ]]; then COMPREPLY=($(compgen -f -- "$current")); else COMPREPLY=($(compgen -c -- "$current")); fi
}

_atoll() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command program
  COMPREPLY=()
  _atoll_scan
  [[ $current != = ]] || current=''
  [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD - 2]}
  if [[ -n $program ]]; then
    if declare -F _command_offset > /dev/null; then _command_offset "$program"; return; fi
    ((COMP_CWORD > program)) || _atoll_program
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "$_atoll_commands ${_atoll_options[atoll]}" -- "$current"))
  elif [[ ${_atoll_valued[$command]-} == *" $before "* ]]; then
    _atoll_values "$before"
  elif [[ $current == -* || $command != run ]]; then
    COMPREPLY=($(compgen -W "${_atoll_options[$command]-}" -- "$current"))
  else
    _atoll_program
  fi
}

complete -o default -o bashdefault -F _atoll atoll
