/**
 * Error codes of the API with their texts. Codes are the platform's and stable; clients match on
 * them, often on the part before the first dot only. Texts are ours, in the two languages of
 * `X-TC-Language`.
 *
 * Slots: {parameter} is the name as in the request, {value} what was given, {limit} what would
 * have been correct.
 */
import type { RefusalCode, Situation as RefusalSituation } from "../model/refusal.ts";

export type Language = "en-US" | "zh-CN";

/** Codes such as UnsupportedOperation are too general, so each cause has a text of its own. */
export type Situation =
  | RefusalSituation
  | "action-not-emulated"
  | "out-of-range"
  | "token-too-long"
  | "fault-injected"
  | "foreign-host"
  | "cross-site";

export interface ErrorFacts {
  readonly situation?: Situation | undefined;
  readonly parameter?: string | undefined;
  readonly value?: string | undefined;
  readonly limit?: string | undefined;
}

interface ErrorText {
  readonly "en-US": string;
  readonly "zh-CN": string;
  /** What to do next, for the person who uses the client. */
  readonly help?: { readonly "en-US": string; readonly "zh-CN": string };
}

const text = (en: string, zh: string, helpEn?: string, helpZh?: string): ErrorText => ({
  "en-US": en,
  "zh-CN": zh,
  ...(helpEn !== undefined &&
    helpZh !== undefined && { help: { "en-US": helpEn, "zh-CN": helpZh } }),
});

const wait = ["wait a moment and try again", "请稍候重试"] as const;
const credentials = [
  "check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, and that both belong to the same key pair",
  "请检查 TENCENTCLOUD_SECRET_ID 与 TENCENTCLOUD_SECRET_KEY，并确认二者属于同一密钥",
] as const;

/** The gateway's codes, and those with which the model of the platform refuses. */
export type ErrorCode =
  | RefusalCode
  | "AuthFailure.InvalidAuthorization"
  | "AuthFailure.SecretIdNotFound"
  | "AuthFailure.SignatureExpire"
  | "AuthFailure.SignatureFailure"
  | "InvalidAction"
  | "NoSuchVersion"
  | "UnsupportedProtocol"
  | "UnsupportedRegion"
  | "InvalidRequest"
  | "RequestSizeLimitExceeded"
  | "RequestLimitExceeded"
  | "InternalError"
  | "UnknownParameter"
  | "InvalidParameter"
  | "InvalidParameter.Coexist"
  | "InvalidParameter.FilterInvalidKey"
  | "InvalidParameter.FilterMissParameter"
  | "InvalidParameter.InvalidFilter"
  | "LimitExceeded.NumberOfFilters"
  | "UnsupportedOperation.IdempotentParameterMismatch";

export const ERRORS: Readonly<Record<ErrorCode, ErrorText>> = {
  "AuthFailure.InvalidAuthorization": text(
    "the Authorization of the request cannot be read: {value}",
    "请求的 Authorization 无法解析：{value}",
  ),
  "AuthFailure.SecretIdNotFound": text(
    "the SecretId {value} does not exist",
    "SecretId {value} 不存在",
    ...credentials,
  ),
  "AuthFailure.SignatureExpire": text(
    "the signature is not valid at this time: X-TC-Timestamp {value}, server {limit}, at most 300 seconds apart",
    "签名已过期或尚未生效：请求时间戳 {value}，服务器时间 {limit}，相差不得超过 300 秒",
    "set this machine's clock (for example with chrony)",
    "请校准本机时钟（例如使用 chrony）",
  ),
  "AuthFailure.SignatureFailure": text(
    "the signature does not match the request, check the SecretKey and how the request was signed",
    "签名与请求不符，请检查 SecretKey 及签名过程",
    ...credentials,
  ),
  InvalidAction: text("there is no action {value}", "接口 {value} 不存在"),
  NoSuchVersion: text("there is no version {value}", "版本 {value} 不存在"),
  UnsupportedProtocol: text(
    "only GET and POST are supported, not {value}",
    "仅支持 GET 与 POST，不支持 {value}",
  ),
  UnsupportedRegion: text("{value} is not the name of a region", "地域 {value} 不存在"),
  InvalidRequest: text("the body is not a JSON object: {value}", "请求体不是 JSON 对象：{value}"),
  RequestSizeLimitExceeded: text("the request is larger than {limit}", "请求大小超过 {limit}"),
  RequestLimitExceeded: text(
    "more than {limit} calls of {value} a second",
    "{value} 的调用频率超过每秒 {limit} 次",
    ...wait,
  ),
  InternalError: text("the service failed: {value}", "服务内部错误：{value}", ...wait),
  MissingParameter: text("the parameter {parameter} is missing", "缺少参数 {parameter}"),
  UnknownParameter: text("the action has no parameter {parameter}", "该接口没有参数 {parameter}"),
  InvalidParameter: text(
    "the parameter {parameter} is {value}, not of type {limit}",
    "参数 {parameter} 的值 {value} 类型不正确，应为 {limit}",
  ),
  "InvalidParameter.Coexist": text(
    "{parameter} and Filters cannot be used together",
    "参数 {parameter} 与 Filters 不能同时使用",
  ),
  "InvalidParameter.FilterInvalidKey": text(
    "{value} is not the name of a filter of this action",
    "过滤条件 {value} 不存在",
  ),
  "InvalidParameter.FilterMissParameter": text(
    "the filter {value} needs {limit} too",
    "过滤条件 {value} 需同时指定 {limit}",
  ),
  "InvalidParameter.InvalidFilter": text(
    "{value} is not the name of a filter of this action",
    "过滤条件 {value} 不存在",
  ),
  InvalidParameterConflict: text(
    "{parameter} and {value} cannot be used together",
    "参数 {parameter} 与 {value} 冲突",
  ),
  InvalidParameterValue: text(
    "the parameter {parameter} cannot be {value}: {limit}",
    "参数 {parameter} 的值 {value} 无效：{limit}",
  ),
  "InvalidParameterValue.Duplicate": text(
    "{value} of {parameter} is there already",
    "参数 {parameter} 的值 {value} 重复",
  ),
  "InvalidParameterValue.DuplicatedHaVipAssociations": text(
    "{parameter} names {value} more than once",
    "参数 {parameter} 中 {value} 重复出现",
  ),
  "InvalidParameterValue.LimitExceeded": text(
    "{parameter} has {value} entries, more than {limit}",
    "参数 {parameter} 有 {value} 项，超过上限 {limit}",
  ),
  "InvalidParameterValue.Malformed": text(
    "the parameter {parameter} is {value}, which does not have the form {limit}",
    "参数 {parameter} 的值 {value} 格式不正确，应形如 {limit}",
  ),
  "InvalidParameterValue.ParameterMismatch": text(
    "{parameter} {value} does not fit {limit}",
    "参数 {parameter} 的值 {value} 与 {limit} 不匹配",
  ),
  "InvalidParameterValue.Range": text(
    "the parameter {parameter} is {value}, outside of {limit}",
    "参数 {parameter} 的值 {value} 超出范围 {limit}",
  ),
  "InvalidParameterValue.Reserved": text(
    "{parameter} {value} is reserved in its subnet (network, gateway and broadcast address)",
    "参数 {parameter} 的地址 {value} 为子网保留地址（网络、网关或广播地址）",
  ),
  "InvalidParameterValue.SubnetConflict": text(
    "{parameter} {value} overlaps with {limit}",
    "参数 {parameter} 的网段 {value} 与 {limit} 重叠",
  ),
  "InvalidParameterValue.SubnetRange": text(
    "{parameter} {value} is not inside {limit}",
    "参数 {parameter} 的网段 {value} 不在 {limit} 内",
  ),
  "InvalidParameterValue.TooLong": text(
    "the parameter {parameter} has {value}, more than {limit}",
    "参数 {parameter} 过长：{value}，上限 {limit}",
  ),
  LimitExceeded: text(
    "{parameter}: the quota of {limit} is used up",
    "{parameter}：已达到配额 {limit}",
    "delete what is not needed, or ask for a higher quota in the console",
    "请删除不需要的资源，或在控制台申请提升配额",
  ),
  "LimitExceeded.NetworkInterfaceLimitExceeded": text(
    "the quota of {limit} network interfaces in a VPC is used up",
    "私有网络内的弹性网卡已达到配额 {limit}",
  ),
  "LimitExceeded.NumberOfFilters": text(
    "{value} filters, more than {limit}",
    "过滤条件有 {value} 个，超过上限 {limit}",
  ),
  AddressQuotaLimitExceeded: text(
    "the quota of {limit} elastic addresses in a region is used up",
    "地域内的弹性公网 IP 已达到配额 {limit}",
    "release an address that is not used (`baton eip list`), or ask for a higher quota",
    "请释放不用的弹性公网 IP（`baton eip list`），或申请提升配额",
  ),
  "InvalidAddressId.NotFound": text(
    "the elastic address {value} does not exist",
    "弹性公网 IP {value} 不存在",
  ),
  "InvalidAddressIdStatus.NotPermit": text(
    "the elastic address {value} is {limit}: that does not permit the operation",
    "弹性公网 IP {value} 当前状态为 {limit}，不支持该操作",
  ),
  "InvalidInstanceId.AlreadyBindEip": text(
    "{value} has an elastic address already",
    "{value} 已绑定弹性公网 IP",
  ),
  ResourceInUse: text("{value} is in use: {limit}", "资源 {value} 正在使用中：{limit}"),
  ResourceInsufficient: text(
    "{value} has no free address left",
    "{value} 没有可用的地址",
    "choose another subnet, or release addresses of this one",
    "请选择其他子网，或释放该子网内的地址",
  ),
  "ResourceInsufficient.Subnet": text(
    "the subnet {value} has no free address left",
    "子网 {value} 没有可用的地址",
  ),
  ResourceNotFound: text(
    "{value} ({parameter}) does not exist",
    "资源 {value}（{parameter}）不存在",
  ),
  "UnauthorizedOperation.AttachmentNotFound": text(
    "the network interface {value} is not attached to an instance",
    "弹性网卡 {value} 未绑定实例",
  ),
  "UnauthorizedOperation.PrimaryIp": text(
    "{value} is a primary address and cannot be moved",
    "{value} 是主 IP，不支持迁移",
  ),
  UnsupportedOperation: text("not supported: {value}", "不支持的操作：{value}"),
  "UnsupportedOperation.AddressStatusNotPermit": text(
    "the elastic address {value} is {limit}: that does not permit the operation",
    "弹性公网 IP {value} 当前状态为 {limit}，不支持该操作",
    "unbind it first (`baton havip unbind-eip`)",
    "请先解绑（`baton havip unbind-eip`）",
  ),
  "UnsupportedOperation.AttachmentAlreadyExists": text(
    "the network interface {value} is attached to {limit} already",
    "弹性网卡 {value} 已绑定到 {limit}",
  ),
  "UnsupportedOperation.BindEIP": text(
    "the HAVIP {value} has the elastic address {limit} already",
    "高可用虚拟 IP {value} 已绑定弹性公网 IP {limit}",
    "unbind the other address first (`baton havip unbind-eip`)",
    "请先解绑原有的弹性公网 IP（`baton havip unbind-eip`）",
  ),
  "UnsupportedOperation.IdempotentParameterMismatch": text(
    "the ClientToken {value} was used with other parameters before",
    "ClientToken {value} 曾用于不同的参数",
  ),
  "UnsupportedOperation.InstanceAssociateHavip": text(
    "{value} is in the drift range of the HAVIP {limit}",
    "{value} 在高可用虚拟 IP {limit} 的漂移范围内",
  ),
  "UnsupportedOperation.InvalidState": text(
    "{value} is {limit}: that state does not permit the operation",
    "{value} 当前状态为 {limit}，不支持该操作",
  ),
  "UnsupportedOperation.MutexOperationTaskRunning": text(
    "another operation on {value} is still running",
    "{value} 上有其他操作正在进行",
    ...wait,
  ),
  "UnsupportedOperation.UnbindEIP": text(
    "the HAVIP {value} has no elastic address",
    "高可用虚拟 IP {value} 未绑定弹性公网 IP",
  ),
};

const SITUATIONS: Readonly<Record<Situation, ErrorText>> = {
  "action-not-emulated": text(
    "the cloud has the action {value}, this emulator has not",
    "云上有接口 {value}，但本模拟器尚未支持",
  ),
  "havip-has-eip": text(
    "the HAVIP {value} has the elastic address {limit}, unbind it first",
    "高可用虚拟 IP {value} 绑定了弹性公网 IP {limit}，请先解绑",
  ),
  "eip-bound-elsewhere": text(
    "the elastic address {value} is bound to {limit}",
    "弹性公网 IP {value} 已绑定到 {limit}",
  ),
  "not-the-same-subnet": text(
    "{value} is not in the subnet {limit}",
    "{value} 不在子网 {limit} 内",
  ),
  "out-of-range": text(
    "the parameter {parameter} is {value}, outside of {limit}",
    "参数 {parameter} 的值 {value} 超出范围 {limit}",
  ),
  "token-too-long": text(
    "the parameter {parameter} is not {limit}",
    "参数 {parameter} 不符合要求：{limit}",
  ),
  "fault-injected": text(
    "fault injected by PUT /_baton/faults",
    "由 PUT /_baton/faults 注入的故障",
  ),
  "foreign-host": text(
    "the request is meant for {value}, which is not this emulator: call it by its address, or start it with --allow-host NAME",
    "请求的 Host 是 {value}，不是本模拟器：请用 IP 地址访问，或在启动时加 --allow-host NAME",
  ),
  "cross-site": text(
    "refused: a web page of {value} sent this request",
    "已拒绝：该请求由 {value} 的网页发出",
  ),
};

/**
 * Values come from requests: long ones are cut, so that an answer is never larger than its
 * question.
 */
const short = (value: string): string => (value.length > 80 ? `${value.slice(0, 77)}...` : value);

export function printError(code: ErrorCode, facts: ErrorFacts, language: Language): string {
  const { situation } = facts;
  const texts = situation === undefined ? ERRORS[code] : SITUATIONS[situation];
  return texts[language]
    .replace(/\{(parameter|value|limit)\}/g, (_, slot: "parameter" | "value" | "limit") =>
      short(facts[slot] ?? ""),
    )
    .trim();
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
