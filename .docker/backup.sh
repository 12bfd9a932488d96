#!/bin/sh
# Once a day: a backup that is kept for two weeks, and the keys that open it, on another volume.
set -u
backups=${BACKUP_DIR:-/backups} keys=${BACKUP_KEYS_DIR:-/keys}
while true; do
    day=$(date -u +%F)
    if fairground backup "$backups/fairground-$day.zip" --keys "$keys/fairground-$day.keys.json"; then
        find "$backups" "$keys" -name 'fairground-*' -mtime +14 -delete
        sleep 86400
    else
        sleep 300 # the database may be starting, or old: try again soon
    fi
done
