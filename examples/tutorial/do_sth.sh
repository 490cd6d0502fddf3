#!/bin/bash
# The check of the tutorial's vrrp_script: the service counts as healthy while this file says "up".
# Replace it by what your service needs, for instance: curl -sf -m 2 http://127.0.0.1/healthz
[ "$(cat /etc/keepalived/service-state 2>/dev/null)" = up ]
