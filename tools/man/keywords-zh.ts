/**
 * The purposes and defaults of the keyword tables in Chinese, for the manual page. A test says
 * which one is missing.
 */
export const KEYWORDS_ZH: Readonly<Record<string, string>> = {
  "settings of the whole daemon and defaults of the instances":
    "整个守护进程的设置，以及各实例的默认值",
  "one virtual router": "一个虚拟路由器",
  "instances that change state together": "一起切换状态的实例",
  "a check: a program and its exit status, which decides": "检查：运行一个程序，由其退出码决定结果",
  "a check: so many processes of a name": "检查：某个名称的进程数量",
  "a check: a number in a file": "检查：文件中的一个数",
  "old name of `track_file`": "`track_file` 的旧名",
  "a BFD session that instances can track": "可供实例跟踪的 BFD 会话",
  "addresses added at start, whatever the VRRP state": "启动时添加的地址，与 VRRP 状态无关",
  "routes added at start, whatever the VRRP state": "启动时添加的路由，与 VRRP 状态无关",
  "policy rules added at start, whatever the VRRP state":
    "启动时添加的策略路由规则，与 VRRP 状态无关",
  "instances that fail when a static item cannot be kept": "静态项无法保持时进入 FAULT 的实例",
  "pacing of announcements that several interfaces share": "多个网卡共用的宣告节奏",
  "NAME DOWN [UP], up to 255 s each: how long a link must be down, or up again, before it counts; shortened to less than `down_timer_adverts` - 1 intervals":
    "NAME DOWN [UP]，各不超过 255 秒：链路断开或恢复多久之后才算数；会缩短到不足 `down_timer_adverts` - 1 个间隔",
  "interfaces with a link that is polled instead of watched": "以轮询代替监听来检查链路的网卡",
  "poll the link of every interface": "轮询每个网卡的链路",
  "network namespace to run in": "运行所在的网络命名空间",
  "network namespace of the IPVS part": "IPVS 部分的网络命名空间",
  "use ipsets inside a network namespace": "在网络命名空间中使用 ipset",
  "name of this daemon, value of `${_INSTANCE}`": "本守护进程的名称，即 `${_INSTANCE}` 的值",
  "PID files in a folder of their own": "PID 文件放在单独的目录中",
  "how long the parent waits for its children at stop": "停止时父进程等待子进程的时间",
  "how strict `include` is": "`include` 的严格程度",
  "IPVS: a balanced service": "IPVS：负载均衡服务",
  "IPVS: addresses of a balanced service": "IPVS：负载均衡服务的地址",
  "IPVS: certificates of the SSL checker": "IPVS：SSL 检查所用的证书",
  "PASS sends a password in clear; AH is IPsec and is not offered by Baton":
    "PASS 以明文发送密码；AH 属于 IPsec，Baton 不支持",
  "password; eight bytes count, the rest is cut off": "密码；只有前八个字节有效，其余被截断",
  "number and secret: `hex:\u2026`, plain text or `file:PATH`, 32 to 64 bytes":
    "编号与密钥：`hex:…`、明文或 `file:路径`，32 到 64 字节",
  "number of the key to sign with": "签名所用密钥的编号",
  "how old advertisements are distinguished from new ones": "如何区分旧通告与新通告",
  "difference of clocks that is accepted": "允许的时钟偏差",
  "what is done with unsigned advertisements": "如何处理未签名的通告",
  "the other end": "对端",
  "own address": "本端地址",
  "interval we can receive": "本端可接收的间隔",
  "interval we want to send": "本端希望的发送间隔",
  "interval while down": "会话断开时的间隔",
  "missed packets before down": "丢失多少个报文后视为断开",
  "wait for the other end": "等待对端先发起",
  "TTL, IPv4": "TTL（IPv4）",
  "hop limit, IPv6": "跳数限制（IPv6）",
  "routers in between": "中间的路由器数",
  "the other end is behind routers": "对端位于路由器之后",
  "what it adds to the priority": "对优先级的增减值",
  "report to the VRRP part": "向 VRRP 部分报告",
  "report to the IPVS part": "向 IPVS 部分报告",
  "gap between gratuitous ARP": "两次免费 ARP 之间的间隔",
  "gap between neighbour advertisements": "两次邻居通告之间的间隔",
  "one interface": "一个网卡",
  "several interfaces, one a line": "多个网卡，每行一个",
  "name of this node in messages; never on the wire": "消息中本节点的名称；不会出现在报文中",
  "account that scripts run as": "运行脚本的账户",
  "do not run scripts as root that others can change": "不以 root 运行其他用户可改动的脚本",
  "run a script by the path of its link": "按符号链接的路径运行脚本",
  "give scripts the supplementary groups of their user": "让脚本带上其用户的附加组",
  "interface of addresses without `dev` where the instance has none, and of static items":
    "实例没有网卡时，未写 `dev` 的地址所用的网卡；静态项也用它",
  "interfaces may come and go; Baton always waits for them":
    "网卡可以随时出现或消失；Baton 总会等待它们",
  "readable process titles": "易读的进程名",
  "report what happens on this node to chat robots, a web hook, or by mail":
    "把本节点发生的事件报告给聊天机器人、Webhook 或邮件",
  "address that gets a document in JSON (docs/alerts.md); with a secret it is signed":
    "接收 JSON 文档的地址（见 docs/alerts.md）；写了密钥则附签名",
  "address of a robot of WeCom (WeChat Work)": "企业微信群机器人的地址",
  "address of a robot of DingTalk, and its secret": "钉钉群机器人的地址及其加签密钥",
  "address of a robot of Feishu (Lark), and its secret": "飞书群机器人的地址及其签名密钥",
  "by mail to `notification_email` too": "同时通过邮件发送给 `notification_email`",
  "leave out events that are less important": "略去级别更低的事件",
  "while it lasts, report it again so often; 0: once": "持续期间每隔多久再次报告；0：只报告一次",
  "report when it has ended": "结束时也报告",
  "what comes back within this time has not ended: it is counted, and reported once":
    "在此时间内再次出现的视为尚未结束：只计数，只报告一次",
  "how long one attempt may take": "单次发送的时限",
  "how long a message that cannot be delivered is tried again": "发送失败的消息持续重试多久",
  "language of the messages": "消息的语言",
  "every kind": "所有类型",
  "the daemon's": "与守护进程相同",
  "kinds of events: fault, state, group, priority, check, reload, announcement, conflict, cloud, stall, engine, notify, operator, maintenance, daemon, gate":
    "事件类型：fault, state, group, priority, check, reload, announcement, conflict, cloud, stall, engine, notify, operator, maintenance, daemon, gate",
  "recipients of mail": "邮件收件人",
  "sender of mail": "邮件发件人",
  "mail server, and port": "邮件服务器与端口",
  "name said to the mail server": "向邮件服务器报告的名称",
  "how long to wait for the mail server": "等待邮件服务器的时间",
  "mail at every change of state": "每次状态变化都发送邮件",
  "mail at every change of a VRRP state": "每次 VRRP 状态变化都发送邮件",
  "IPVS: mail of the checkers": "IPVS：健康检查的邮件",
  "no mail for FAULT": "FAULT 时不发送邮件",
  "version of instances that do not say": "未指定版本的实例所用的版本",
  "multicast group, IPv4": "组播地址（IPv4）",
  "multicast group, IPv6": "组播地址（IPv6）",
  "missed advertisements before the master counts as dead": "丢失多少个通告后视为主节点失效",
  "do not answer an advertisement of lower priority": "不回应优先级较低的通告",
  "send one advertisement before yielding, so that the winner announces itself":
    "让位之前再发送一个通告，使优先者随即宣告",
  "drop unicast advertisements that come from no configured peer":
    "丢弃并非来自已配置对端的单播通告",
  "compare the address list on a master's first advertisement only":
    "只在主节点的第一个通告中核对地址列表",
  "no password, no delays, state by priority; traffic to the address is dropped unless the priority is 255":
    "没有密码和延迟，由优先级决定状态；丢弃发往该地址的流量，除非优先级是 255",
  "an address owner ignores every advertisement": "地址所有者忽略一切通告",
  "version 3 checksum without pseudo-header, as RFC 9568 and many routers have it":
    "版本 3 的校验和不含伪首部，与 RFC 9568 及许多路由器一致",
  "wait before the first election": "首次选举之前的等待时间",
  "the same, counted from the machine's boot": "同上，但从系统启动时算起",
  "log advertisements of routers not configured here": "记录本机未配置的路由器所发的通告",
  "second block of gratuitous ARP after becoming master; 0 is none":
    "成为主节点后多久发送第二组免费 ARP；0 表示不发送",
  "gratuitous ARP per address in each block": "每组中每个地址发送的免费 ARP 数",
  "period of gratuitous ARP while master; 0 is none": "作为主节点时免费 ARP 的周期；0 表示不重复",
  "gratuitous ARP per address at each refresh": "每次刷新时每个地址发送的免费 ARP 数",
  "second block after a weaker master was heard": "收到较弱主节点的通告后，多久发送第二组",
  "gratuitous ARP per address after a weaker master was heard":
    "收到较弱主节点的通告后，每个地址发送的免费 ARP 数",
  "gap between gratuitous ARP on an interface": "同一网卡上两次免费 ARP 之间的间隔",
  "gap between neighbour advertisements on an interface": "同一网卡上两次邻居通告之间的间隔",
  "one gratuitous ARP per address and no second block": "每个地址只发送一个免费 ARP，没有第二组",
  "gratuitous ARP on the interfaces of other virtual addresses":
    "也在其他虚拟地址的网卡上发送免费 ARP",
  "old name of `vrrp_garp_extra_if`": "`vrrp_garp_extra_if` 的旧名",
  "named pipe that gets a line at every change of state; a user and a group may follow, to whom it then belongs":
    "命名管道，每次状态变化写入一行；其后可写所属的用户和组",
  "program that reads the pipe": "读取该管道的程序",
  "the same, VRRP only": "同上，仅限 VRRP",
  "program that reads the VRRP pipe": "读取 VRRP 管道的程序",
  "write changes of priority to the notify pipes too": "优先级变化也写入通知管道",
  "end a notify script that runs longer: SIGTERM to its process group, SIGKILL 2 s later":
    "结束运行超时的通知脚本：向其进程组发送 SIGTERM，2 秒后发送 SIGKILL",
  "write every state again after a reload": "重新加载后再次写入所有状态",
  "program to run before VRRP starts": "VRRP 启动之前运行的程序",
  "how long to wait for it": "等待它的时间",
  "program to run after VRRP has stopped": "VRRP 停止之后运行的程序",
  "iptables chains for `no_accept`": "`no_accept` 所用的 iptables 链",
  "ipsets for `no_accept`": "`no_accept` 所用的 ipset",
  "nftables table for `no_accept`": "`no_accept` 所用的 nftables 表",
  "priority of its chains": "其中各链的优先级",
  "counters in its rules": "在规则中使用计数器",
  "match interfaces by number": "按编号匹配网卡",
  "no IGMP from virtual MAC interfaces": "虚拟 MAC 网卡不发送 IGMP",
  "nice value of the VRRP process": "VRRP 进程的 nice 值",
  "IPVS: nice value of the checkers": "IPVS：健康检查进程的 nice 值",
  "nice value of the BFD process": "BFD 进程的 nice 值",
  "real-time priority of the VRRP process": "VRRP 进程的实时优先级",
  "IPVS: real-time priority of the checkers": "IPVS：健康检查进程的实时优先级",
  "real-time priority of the BFD process": "BFD 进程的实时优先级",
  "real-time priority taken when late": "发生延迟时采用的实时优先级",
  "how late is late": "多长的延迟算作延迟",
  "limit of real-time work": "实时运行的时间上限",
  "old name of `vrrp_rlimit_rttime`": "`vrrp_rlimit_rttime` 的旧名",
  "keep the process in memory": "让进程常驻内存",
  "processors it may use": "可使用的处理器",
  "title of the process": "进程名",
  "old name of `checker_rlimit_rttime`": "`checker_rlimit_rttime` 的旧名",
  "old name of `bfd_rlimit_rttime`": "`bfd_rlimit_rttime` 的旧名",
  "receive buffer of a kernel socket": "内核套接字的接收缓冲区",
  "take it beyond the system's limit": "可超出系统限制",
  "names of generated virtual MAC interfaces": "自动生成的虚拟 MAC 网卡的名称",
  "where names of tables and scopes are looked up": "查找路由表名和作用域名的目录",
  "how the receive buffer is sized": "接收缓冲区大小的确定方式",
  "by how much": "放大的倍数",
  "check the new file before a reload; Baton always does":
    "重新加载之前先检查新文件；Baton 总会这样做",
  "file that holds the time of the next reload": "记录下次重新加载时间的文件",
  "reload at that time every day": "每天在该时间重新加载",
  "marker that exists while files are read": "读取文件期间存在的标记文件",
  "housekeeping of keepalived's own files": "管理 keepalived 自身的文件",
  "file that the signal DATA (SIGUSR1) writes": "信号 DATA（SIGUSR1）写入的文件",
  "file that the signals STATS (SIGUSR2) and STATS_CLEAR write":
    "信号 STATS（SIGUSR2）与 STATS_CLEAR 写入的文件",
  "file that the signal JSON (SIGRTMIN+2) writes": "信号 JSON（SIGRTMIN+2）写入的文件",
  "the name of `instance` becomes a part of the state dump's name":
    "状态转储的文件名中包含 `instance` 的名称",
  "seed of `${_RANDOM}`": "`${_RANDOM}` 的种子",
  "shape of the JSON dump: an array, or an object with tracked processes":
    "JSON 转储的格式：数组，或另含被跟踪进程的对象",
  "IPVS: notify initial states": "IPVS：通知初始状态",
  "IPVS: log every failed check": "IPVS：记录每次失败的检查",
  "IPVS: no mail of the checkers": "IPVS：健康检查不发送邮件",
  "socket of the SNMP agent": "SNMP 代理的套接字",
  "SNMP agent": "SNMP 代理",
  "D-Bus interface": "D-Bus 接口",
  "name on the bus": "总线上的名称",
  "shape of the object paths": "对象路径的格式",
  "IPVS: synchronisation follows an instance": "IPVS：连接同步跟随某个实例",
  "IPVS: connection time-outs": "IPVS：连接超时",
  "IPVS: flush at start": "IPVS：启动时清空",
  "IPVS: flush at stop": "IPVS：停止时清空",
  "IPVS: named pipe of the checkers": "IPVS：健康检查的命名管道",
  "IPVS: program that reads it": "IPVS：读取该管道的程序",
  "how much of what happened is kept for `baton events`": "为 `baton events` 保留多少事件",
  "how long an event is kept: 12h, 30d, 8w; the last 1,000 stay in any case":
    "事件保留多久：12h、30d、8w；最近 1000 条始终保留",
  "size of the file, 1M to 16G; beyond it the oldest go":
    "文件大小，1M 到 16G；超出后删除最旧的事件",
  "number of events, 1000 to 10000000; beyond it the oldest go":
    "事件条数，1000 到 10000000；超出后删除最旧的事件",
  "nothing is kept, and the thread that would write it is not started":
    "不保留事件，也不启动写入线程",
  "HTTP API: status, events, metrics, and what may be asked of the node":
    "HTTP API：状态、事件、指标，以及可以要求节点做的操作",
  "address and port, or `unix:` and a path; other than loopback with `tls` only":
    "地址和端口，或 `unix:` 加路径；非环回地址必须配置 `tls`",
  "file with a name and a token on each line; mode 0600, owned by root":
    "令牌文件，每行一个名称和一个令牌；权限 0600，属主为 root",
  "none: nothing may be changed over HTTP": "无：不能通过 HTTP 作任何更改",
  "HTTPS on every address of `listen`": "在 `listen` 的每个地址上使用 HTTPS",
  "certificate of the node in PEM, with those between it and the authority":
    "节点证书（PEM），包含中间证书",
  "its private key in PEM; mode 0600, owned by root": "证书的私钥（PEM）；权限 0600，属主为 root",
  "authority of callers' certificates in PEM; the common name is the caller's name":
    "签发调用方证书的机构证书（PEM）；证书的 CN 即调用方名称",
  "none: callers need a token": "无：调用方需要令牌",
  "while MASTER, ask the cloud whether it agrees, and announce again until it does":
    "处于 MASTER 时向云平台核对归属，不一致则再次宣告，直到一致",
  "at a planned move, keep the address until the successor is heard, or remove it first":
    "计划内切换时，保留地址直到收到接任者的通告，或先删除地址",
  "defaults of the garp_ keywords: `cloud` one frame, again after 1 s and every 5 s, two a second in all; `lan` two, again after 1 s, one every 60 s":
    "garp_ 关键字的默认值：`cloud` 发送一帧，1 秒后及每 5 秒再发，总计每秒两帧；`lan` 发送两帧，1 秒后再发，之后每 60 秒一帧",
  "form of gratuitous ARP": "免费 ARP 的形式",
  "frames that may leave at once, and frames a second after that":
    "可一次发出的帧数，以及其后每秒的帧数",
  "address of the API, an emulator for example": "API 的地址，例如模拟器的地址",
  "region of the HAVIP": "HAVIP 所在的地域",
  "this machine's name in the cloud": "本机在云平台中的实例 ID",
  "file with the key, as tccli (JSON) or the SDKs (sections) have it":
    "密钥文件，格式与 tccli（JSON）或 SDK（分节）相同",
  "at a planned stop, keep answering until the cloud has moved the address, at most so long after the successor was heard; 0: do not wait":
    "计划内停止时继续应答，直到云平台完成地址迁移；从收到接任者的通告起最多等待这么久；0 表示不等待",
  "an error (VR2060): it belongs in `credentials_file`":
    "错误（VR2060）：应写入 `credentials_file`",
  "names of the instances, one a line": "实例名，每行一个",
  "file with a whole number": "内容为整数的文件",
  "what the result adds to the priority; 0 means that failure is FAULT":
    "结果对优先级的增减值；0 表示失败即进入 FAULT",
  "value to create it with; `overwrite` does so at every start":
    "创建文件时写入的值；`overwrite` 表示每次启动都写入",
  "only a hint: every node starts as BACKUP; MASTER turns nopreempt and preempt_delay off":
    "只是提示：每个节点都以 BACKUP 启动；MASTER 会关闭 nopreempt 和 preempt_delay",
  "interface of the virtual router; with unicast peers and `unicast_src_ip` it may be left out (keepalived 2.1.5, not 2.2.7), and the routes lead to the peers":
    "虚拟路由器的网卡；有单播对端和 `unicast_src_ip` 时可省略（keepalived 2.1.5 可以，2.2.7 不行），此时按路由到达对端",
  "VRID: the same on all nodes of a group, different between groups":
    "VRID：同一组的所有节点相同，不同组之间不同",
  "the highest becomes master; 255 owns the address": "最高者成为主节点；255 表示地址所有者",
  "time between advertisements; version 2 has whole seconds only": "通告的间隔；版本 2 只能是整秒",
  "VRRP version": "VRRP 版本",
  "once said that the instance is IPv6": "曾用于表示实例为 IPv6",
  "password of version 2": "版本 2 的密码",
  "vrrp_mcast_group4 or 6": "vrrp_mcast_group4 或 vrrp_mcast_group6",
  "signed advertisements, as keepalived 2.4.2 and later have them":
    "签名通告，与 keepalived 2.4.2 及更高版本相同",
  "never take the address from a master that is alive": "从不从存活的主节点抢占地址",
  "the opposite of `nopreempt`": "与 `nopreempt` 相反",
  "wait before taking the address from a weaker master": "从较弱的主节点抢占地址之前的等待时间",
  "as `vrrp_strict`, for this instance": "与 `vrrp_strict` 相同，只对本实例",
  "send one advertisement before yielding": "让位之前再发送一个通告",
  "step down when our own timer was late; Baton always decides anew after a stall":
    "本机定时器延迟时退为备节点；Baton 在停顿之后总会重新判断",
  "source of unicast advertisements": "单播通告的源地址",
  "the other nodes; turns unicast on": "其他节点；启用单播",
  "TTL of unicast advertisements": "单播通告的 TTL",
  "FAULT instead of multicast when there is no peer": "没有对端时进入 FAULT，而不改用组播",
  "source of multicast advertisements": "组播通告的源地址",
  "multicast group of this instance": "本实例的组播地址",
  "FAULT when the source address is not on the interface": "源地址不在网卡上时进入 FAULT",
  "version 3 unicast checksum as keepalived 1.3.6 had it":
    "采用 keepalived 1.3.6 的版本 3 单播校验和",
  "version 3 checksum without pseudo-header": "版本 3 的校验和不含伪首部",
  "receive buffer of the instance's socket": "实例套接字的接收缓冲区",
  "addresses owned while master, and advertised": "作为主节点时持有并在通告中列出的地址",
  "addresses owned while master, not in the advertisement":
    "作为主节点时持有、但不在通告中列出的地址",
  "having no address is meant": "没有地址是有意的",
  "routes present while master": "作为主节点时存在的路由",
  "policy rules present while master": "作为主节点时存在的策略路由规则",
  "kernel setting that keeps secondary addresses": "保留辅助地址的内核设置",
  "the master answers on the virtual address": "主节点在虚拟地址上应答",
  "the master drops traffic to the virtual address, unless its priority is 255":
    "主节点丢弃发往虚拟地址的流量，除非优先级是 255",
  "virtual MAC address on an interface of its own": "在单独的网卡上使用虚拟 MAC 地址",
  "virtual MAC on the interfaces of the addresses too": "各地址所在的网卡也使用虚拟 MAC",
  "advertise from the real interface": "从真实网卡发送通告",
  "an ipvlan interface for the addresses": "为地址使用 ipvlan 网卡",
  "VRF of the virtual MAC interface": "虚拟 MAC 网卡的 VRF",
  "interfaces that must be up": "必须连通的网卡",
  "checks (`vrrp_script`)": "检查（`vrrp_script`）",
  "files with a number (`track_file`)": "内容为数的文件（`track_file`）",
  "processes (`vrrp_track_process`)": "进程（`vrrp_track_process`）",
  "BFD sessions (`bfd_instance`)": "BFD 会话（`bfd_instance`）",
  "the own interface going down is no fault": "自身网卡断开不算故障",
  "second block of gratuitous ARP": "多久之后发送第二组免费 ARP",
  "period of gratuitous ARP while master": "作为主节点时免费 ARP 的周期",
  "gratuitous ARP after a weaker master was heard": "收到较弱主节点的通告后发送的免费 ARP 数",
  "old name of `garp_extra_if`": "`garp_extra_if` 的旧名",
  "program to run on becoming MASTER; no arguments are added":
    "成为 MASTER 时运行的程序；不附加参数",
  "program to run on becoming BACKUP": "成为 BACKUP 时运行的程序",
  "program to run on FAULT": "进入 FAULT 时运行的程序",
  "program to run when the daemon stops": "守护进程停止时运行的程序",
  "program to run at every change; four arguments are added": "每次变化时运行的程序；附加四个参数",
  "end a notify script that runs longer": "结束运行超时的通知脚本",
  "program to run when a reload removes the instance; otherwise FAULT is notified":
    "重新加载删除该实例时运行的程序；没有它则按 FAULT 通知",
  "program to run when a weaker master is heard": "收到较弱主节点的通告时运行的程序",
  "poll the link of the interface": "轮询网卡的链路",
  "IPVS: synchronisation follows this instance": "IPVS：连接同步跟随本实例",
  "has no effect": "无效",
  "from the third loss or fault on, leave a weaker master alone for so long, doubled each time, and at the most":
    "从第三次失去地址或故障起，暂不抢占较弱的主节点：首次时长、每次加倍、以及上限",
  "defaults of the garp_ keywords for a kind of network": "按网络类型设定 garp_ 关键字的默认值",
  "program and arguments, in double quotes; no shell; exit status 0 is success":
    "程序及其参数，写在双引号中；不经过 shell；退出码 0 表示成功",
  "from start to start": "相邻两次启动之间的时间",
  "when it is ended and counts as failed": "多久之后结束并视为失败",
  "successes in a row before it counts as good": "连续成功多少次才视为正常",
  "failures in a row before it counts as bad": "连续失败多少次才视为异常",
  "account it runs as": "运行它的账户",
  "counts as failed until the first success": "首次成功之前视为失败",
  "tracked by every member": "由每个成员跟踪",
  "once made trackers count for every member": "曾用于让跟踪对每个成员生效",
  "keep the weights of the members' trackers": "保留成员各自跟踪的权重",
  "name or path of the program, and parameters if they matter": "程序的名称或路径，需要时加上参数",
  "how parameters are compared": "参数的比较方式",
  "at least so many processes": "至少需要的进程数",
  "at most so many processes": "至多允许的进程数",
  "both delays below": "下面两个延迟",
  "how long enough processes must be there": "进程数足够须保持多久",
  "how long processes must be missing": "进程缺失须保持多久",
  "compare the command line instead of the short name": "比较完整命令行而不是短名称",
  "what must succeed before the address is added, and what is done before it goes":
    "添加地址之前必须成功的操作，以及释放地址之前要做的事",
  "program that must end with status 0 before the address is added; behind the database's promotion":
    "添加地址之前必须以状态 0 结束的程序；在数据库提升之后运行",
  "program that runs before a planned release, and at a fault beside it; before the database's demotion":
    "计划内释放之前运行的程序，故障时与释放同时运行；在数据库降级之前运行",
  "program that makes a former primary follow the new one, where another master is heard; unless given, `demote`":
    "听到另一个 MASTER 时，使旧主库跟随新主库的程序；未写时用 `demote`",
  "tcp or udp, and ports: packets to them at the address are dropped while not promoted; `none`: no fence":
    "tcp 或 udp，以及端口：未提升时丢弃发往该地址这些端口的报文；`none` 表示不隔离",
  "after a promotion that was refused, failed or late: `backup` or `fault`, and not electable for `hold` seconds, or `serve`":
    "提升被拒绝、失败或超时之后：`backup` 或 `fault`，且在 `hold` 秒内不参与选举；或 `serve`，照常提供服务",
  "when no advertisement is heard, ask before taking over: the address by ARP, or the fence's first TCP port by connecting":
    "收不到通告时，接管之前先询问：以 ARP 询问该地址，或连接 `fence` 的第一个 TCP 端口",
  "at release reset the TCP connections of the address, so that clients connect again":
    "释放地址时重置该地址的 TCP 连接，使客户端重新连接",
  "at a planned move, connections that exist may end for so long; `fence` keeps new ones out meanwhile":
    "计划内切换时，已有连接最多可在这么久之内结束；其间由 `fence` 挡住新连接",
  "a MySQL or MariaDB server, which Baton itself promotes and demotes":
    "由 Baton 自己提升和降级的 MySQL 或 MariaDB 服务器",
  "a PostgreSQL server, which Baton itself promotes and demotes":
    "由 Baton 自己提升和降级的 PostgreSQL 服务器",
  "a Redis server, which Baton itself promotes and demotes":
    "由 Baton 自己提升和降级的 Redis 服务器",
  "Unix socket of this node's database": "本节点数据库的 Unix 套接字",
  "host and port of this node's database": "本节点数据库的主机名和端口",
  "host and port of the other node's database, never the virtual address":
    "另一节点数据库的主机名和端口，绝不能是虚拟地址",
  "file with the accounts and their passwords; mode 0600, owned by root":
    "账号及其密码的文件；权限 0600，属主为 root",
  "a standby that is further behind is not eligible": "延迟更大的备库没有资格接管",
  "required: after a crash promote only if every acknowledged write was on two nodes; else a person decides":
    "required：崩溃之后，只有已确认的写入都在两个节点上时才提升，否则由人决定",
  "whether a former primary with nothing of its own becomes a replica by itself, or waits for a person":
    "没有独有数据的旧主库是自动成为从库，还是等待人工处理",
  "from look to look": "两次查看之间的间隔",
  "how long a look may take": "一次查看的最长时间",
  "how long a promotion may take": "一次提升的最长时间",
  "how long a demotion may take": "一次降级的最长时间",
  "the port of the database, if there is one": "数据库的端口（如果有数据库）",
  "backup hold 30": "backup hold 30",
  "a check without a process, tracked in `track_script`":
    "不启动进程的检查，在 `track_script` 中跟踪",
  "HOST:PORT takes a connection": "地址:端口 可以连接",
  "URL answers; `status 200-299`, `body PATTERN` (in its first 64 KB), `host NAME`, `tls insecure`, `tls name NAME`, `tls ca FILE`":
    "URL 正常应答；`status 200-299`、`body 模式`（正文前 64 KB）、`host 名称`、`tls insecure`、`tls name 名称`、`tls ca 文件`",
  "server at a socket or HOST:PORT answers; `credentials_file FILE`, `query TEXT`":
    "套接字或 地址:端口 上的服务器正常应答；`credentials_file 文件`、`query 语句`",
  "server at a socket or HOST:PORT answers; `credentials_file FILE`":
    "套接字或 地址:端口 上的服务器正常应答；`credentials_file 文件`",
  "server ADDRESS[:PORT] has an answer for a name, of a type (A)":
    "服务器 地址[:端口] 能解析某个名称，可指定记录类型（默认 A）",
  "host answers an ICMP echo request": "该地址应答 ICMP 回显请求",
  "no answer within this time is a failure, at that moment":
    "在此时间内没有应答，即在该时刻判为失败",
  "host name": "主机名",
  "keepalived_script if that account exists, else root":
    "有 keepalived_script 账户则用它，否则为 root",
  "user@host": "用户@主机",
  "local host name": "本机主机名",
  "on in Baton, off in keepalived": "Baton 为 on，keepalived 为 off",
  "the master value": "与主节点的值相同",
  none: "无",
  "no limit": "无限制",
  "three advertisements, at least 5": "三个通告的时间，至少 5",
  "BATON_CLOUD_ENDPOINT, else the cloud's own": "BATON_CLOUD_ENDPOINT，否则为云平台自身的地址",
  "the credentials', else the machine's metadata": "取自凭据，否则取自实例元数据",
  "the machine's metadata": "取自实例元数据",
  "the environment, else the files of tccli and the SDKs":
    "取自环境变量，否则取自 tccli 和 SDK 的文件",
  "the file is not created": "不创建该文件",
  "primary address of the interface": "网卡的主地址",
  "recognised by itself": "自动识别",
  "global v3_checksum_as_v2": "全局的 v3_checksum_as_v2",
  "global notify_timeout": "全局的 notify_timeout",
  "global smtp_alert": "全局的 smtp_alert",
  "global handover": "全局的 handover",
  "global garp_preset": "全局的 garp_preset",
  "global garp_form": "全局的 garp_form",
  "global garp_rate": "全局的 garp_rate",
  interval: "interval 的值",
};
