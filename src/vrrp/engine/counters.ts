/** keepalived's statistics (SIGUSR2) under its own names, and what it does not count. */

export interface Counters {
  advert_rcvd: number;
  advert_sent: number;
  become_master: number;
  release_master: number;
  packet_len_err: number;
  advert_interval_err: number;
  ip_ttl_err: number;
  invalid_type_rcvd: number;
  addr_list_err: number;
  invalid_authtype: number;
  authtype_mismatch: number;
  auth_failure: number;
  /** Of `auth_hmac`: nothing signed where a signature is wanted, and so on. */
  auth_ext_missing: number;
  auth_ext_malformed: number;
  auth_ext_unknown_key: number;
  auth_ext_invalid_hmac: number;
  auth_ext_stale: number;
  auth_ext_replay: number;
  pri_zero_rcvd: number;
  pri_zero_sent: number;
  version_err: number;
  checksum_err: number;
  not_a_peer: number;
  announcements_sent: number;
  address_restored: number;
  /** Times one of its addresses appeared on this machine that it had not put there. */
  foreign_address: number;
  send_errors: number;
  /** ARP frames in which somebody else had an address that we own. */
  foreign_claims: number;
}

export const zeroCounters = (): Counters => ({
  advert_rcvd: 0,
  advert_sent: 0,
  become_master: 0,
  release_master: 0,
  packet_len_err: 0,
  advert_interval_err: 0,
  ip_ttl_err: 0,
  invalid_type_rcvd: 0,
  addr_list_err: 0,
  invalid_authtype: 0,
  authtype_mismatch: 0,
  auth_failure: 0,
  auth_ext_missing: 0,
  auth_ext_malformed: 0,
  auth_ext_unknown_key: 0,
  auth_ext_invalid_hmac: 0,
  auth_ext_stale: 0,
  auth_ext_replay: 0,
  pri_zero_rcvd: 0,
  pri_zero_sent: 0,
  version_err: 0,
  checksum_err: 0,
  not_a_peer: 0,
  announcements_sent: 0,
  address_restored: 0,
  foreign_address: 0,
  send_errors: 0,
  foreign_claims: 0,
});

/** The counter a refused packet goes to; keepalived has none for the rest. */
export function counterOf(dropKind: string): keyof Counters | undefined {
  switch (dropKind) {
    case "too-short":
    case "truncated":
    case "bad-length":
    case "unexpected-signature":
      return "packet_len_err";
    case "ttl-not-255":
    case "ttl-out-of-range":
      return "ip_ttl_err";
    case "bad-version":
      return "version_err";
    case "bad-type":
      return "invalid_type_rcvd";
    case "auth-type-mismatch":
      return "authtype_mismatch";
    case "auth-failure":
      return "auth_failure";
    case "missing-signature":
      return "auth_ext_missing";
    case "malformed-signature":
      return "auth_ext_malformed";
    case "unknown-key":
      return "auth_ext_unknown_key";
    case "wrong-signature":
      return "auth_ext_invalid_hmac";
    case "stale-signature":
      return "auth_ext_stale";
    case "replayed-signature":
      return "auth_ext_replay";
    case "interval-mismatch":
    case "bad-interval":
      return "advert_interval_err";
    case "bad-checksum":
      return "checksum_err";
    case "no-addresses":
      return "addr_list_err";
    case "not-a-peer":
      return "not_a_peer";
    default:
      return undefined;
  }
}
