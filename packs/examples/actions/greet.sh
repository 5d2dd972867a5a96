#!/bin/sh
# Named arguments come first (--loud), then the positional one.
loud=no
for word in "$@"; do
  case $word in
    --loud) loud=yes ;;
    *) who=$word ;;
  esac
done
text="Hello, $who!"
[ $loud = yes ] && text=$(printf %s "$text" | tr '[:lower:]' '[:upper:]')
echo "$text"
