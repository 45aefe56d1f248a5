#!/bin/bash
# A study as a task array of HyperQueue: task K runs shard K of N. A server and workers must be up.
#
#   contrib/hyperqueue/array.sh study.toml /shared/out 16
#
# Run the same again after a failure: what is done is skipped. For some of the shards alone give them as a fourth argument:
#
#   goshawk verify /shared/out --shards 16      # prints, for example, --array=3,11
#   contrib/hyperqueue/array.sh study.toml /shared/out 16 3,11
set -eu
study=${1:?usage: array.sh STUDY OUT SHARDS [TASKS]}
out=${2:?usage: array.sh STUDY OUT SHARDS [TASKS]}
shards=${3:?usage: array.sh STUDY OUT SHARDS [TASKS]}
tasks=${4:-0-$((shards - 1))}
export GOSHAWK=${GOSHAWK:-goshawk} STUDY=$study OUT=$out SHARDS=$shards

# HyperQueue runs a task again when its worker is lost, not when it fails. So 75, interrupted, is tried again here.
# shellcheck disable=SC2016  # the variables are the task's
exec "${HQ:-hq}" submit --name goshawk --cpus 1 --array "$tasks" --crash-limit 5 \
    --env GOSHAWK="$GOSHAWK" --env STUDY="$STUDY" --env OUT="$OUT" --env SHARDS="$SHARDS" \
    -- bash -c '
for attempt in 1 2 3; do
    "$GOSHAWK" study "$STUDY" --out "$OUT" --shard "$HQ_TASK_ID/$SHARDS" --resume --jobs 1 --log-format json
    code=$?
    [ "$code" -eq 75 ] || exit "$code"
done
exit 75'
