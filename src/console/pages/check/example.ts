/** The tutorial's configuration as it is printed there, with its mistakes. */
export const EXAMPLE = `! Configuration File for keepalived
global_defs {
   notification_email {
     acassen@firewall.loc
   }
   notification_email_from Alexandre.Cassen@firewall.loc
   smtp_server 192.168.200.1
   smtp_connect_timeout 30
   router_id LVS_DEVEL
   vrrp_skip_check_adv_addr
   vrrp_garp_interval 0
   vrrp_gna_interval 0
}
# vrrp_script checkhaproxy
{
    script "/etc/keepalived/do_sth.sh"
    interval 5
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    nopreempt
    preempt_delay 10
    priority 30
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    unicast_src_ip 172.16.0.16
    unicast_peer {
        172.16.0.14
    }
    virtual_ipaddress {
        172.16.0.135
    }
    notify_master "/etc/keepalived/notify_action.sh MASTER"
    notify_backup "/etc/keepalived/notify_action.sh BACKUP"
    notify_fault "/etc/keepalived/notify_action.sh FAULT"
    notify_stop "/etc/keepalived/notify_action.sh STOP"
    garp_master_delay 1
    garp_master_refresh 5

    track_interface {
        eth0
    }
    track_script {
        checkhaproxy
    }
}
`;

/** Its other node: source and peer the other way round. */
export const EXAMPLE_PARTNER: string = EXAMPLE.replace("172.16.0.16", "PEER")
  .replace("172.16.0.14", "172.16.0.16")
  .replace("PEER", "172.16.0.14");
