#!/bin/bash
# A one-node Slurm cluster in a container, as root, without systemd and without cgroups.
#   slurm-single-node.sh start [dir]   writes a configuration into dir (default ${TMPDIR:-/tmp}/slurm-one-node), starts munged, slurmctld, slurmd
#   slurm-single-node.sh stop  [dir]   ends exactly these by the process ids recorded in dir/pids
#   slurm-single-node.sh status [dir]
# Needs Debian's packages: slurm-wlm munge. Then: export SLURM_CONF=$dir/slurm.conf; sbatch, squeue, sacct-less.
set -euo pipefail
what=${1:-start}
dir=${2:-${TMPDIR:-/tmp}/slurm-one-node}
port=${SLURM1_PORT:-16817}
conf=$dir/slurm.conf
pids=$dir/pids

alive() { kill -0 "$1" 2>/dev/null; }
wait_for() { # seconds, command...
  local n=$(( $1 * 5 )); shift
  while (( n-- > 0 )); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  return 1
}
stop_one() { # name pid: only when the process is still what we started
  local name=$1 pid=$2
  alive "$pid" || return 0
  [[ "$(cat "/proc/$pid/comm" 2>/dev/null)" == "$name"* ]] || { echo "pid $pid is no longer $name: left alone"; return 0; }
  kill -TERM "$pid"
  for _ in $(seq 50); do alive "$pid" || return 0; sleep 0.2; done
  kill -KILL "$pid"
}

case $what in
start)
  for tool in munged slurmctld slurmd sbatch; do command -v $tool >/dev/null || { echo "needs $tool: apt-get install slurm-wlm munge"; exit 1; }; done
  mkdir -p "$dir"/{spool,state,run,log}
  chmod 755 "$dir"; chmod 700 "$dir"/run
  : > "$pids"
  host=$(hostname -s)
  cpus=$(nproc)
  mem=$(awk '/MemTotal/ {print int($2/1024*.9)}' /proc/meminfo)
  # munge: own key and socket, nothing of the system's; --force because the folder is not /run/munge
  [[ -s $dir/run/munge.key ]] || dd if=/dev/urandom of="$dir/run/munge.key" bs=1 count=1024 status=none
  chmod 400 "$dir/run/munge.key"
  munged --force --key-file="$dir/run/munge.key" --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid" \
         --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed"
  wait_for 10 test -s "$dir/run/munged.pid"
  echo "munged $(cat "$dir/run/munged.pid")" >> "$pids"
  cat > "$conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
# no cgroups, no systemd: processes are followed by session (linuxproc), nothing is confined
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=60
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
InactiveLimit=0
KillWait=5
MinJobAge=300
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$mem State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  # slurmd loads a cgroup plugin whatever the rest says. 22.05 (Debian 12) does not know "disabled" (23.11 does), and
  # cgroup/v1 only touches the file system when a plugin of proctrack, task or jobacct_gather asks for it; none does here.
  plugins=$(dirname "$(find /usr/lib -name 'proctrack_linuxproc.so' 2>/dev/null | head -n 1)")
  if [[ -e $plugins/cgroup_v1.so ]]; then kind=cgroup/v1; else kind=disabled; fi
  printf 'CgroupPlugin=%s\nCgroupMountpoint=%s\n' "$kind" "$dir/cgroup" > "$dir/cgroup.conf"
  export SLURM_CONF=$conf
  slurmctld -i -c -f "$conf"
  wait_for 15 test -s "$dir/run/slurmctld.pid" || { tail -n 20 "$dir/log/slurmctld.log"; exit 1; }
  echo "slurmctld $(cat "$dir/run/slurmctld.pid")" >> "$pids"
  wait_for 15 scontrol ping || { tail -n 20 "$dir/log/slurmctld.log"; exit 1; }
  slurmd -c -f "$conf"
  wait_for 15 test -s "$dir/run/slurmd.pid" || { tail -n 20 "$dir/log/slurmd.log"; exit 1; }
  echo "slurmd $(cat "$dir/run/slurmd.pid")" >> "$pids"
  wait_for 30 bash -c 'sinfo -h -o %t | grep -qE "idle|mix|alloc"' || { sinfo; tail -n 20 "$dir/log/slurmd.log"; exit 1; }
  sinfo
  echo "export SLURM_CONF=$conf"
  ;;
stop)
  [[ -s $pids ]] || { echo "nothing was started in $dir"; exit 0; }
  export SLURM_CONF=$conf
  scancel --state=PENDING,RUNNING --user=root 2>/dev/null || true
  while read -r name pid; do stop_one "$name" "$pid"; done < <(tac "$pids")
  rm -f "$pids"
  ;;
status)
  export SLURM_CONF=$conf
  [[ -s $pids ]] && while read -r name pid; do alive "$pid" && echo "$name $pid up" || echo "$name $pid down"; done < "$pids"
  sinfo; squeue
  ;;
*) echo "start, stop or status"; exit 2;;
esac
