/**
 * Why a command is refused: the platform's code and the values that decided. Texts are made
 * elsewhere.
 */
export type RefusalCode =
  | "AddressQuotaLimitExceeded"
  | "InvalidAddressId.NotFound"
  | "InvalidAddressIdStatus.NotPermit"
  | "InvalidInstanceId.AlreadyBindEip"
  | "InvalidParameterConflict"
  | "InvalidParameterValue"
  | "InvalidParameterValue.Duplicate"
  | "InvalidParameterValue.DuplicatedHaVipAssociations"
  | "InvalidParameterValue.LimitExceeded"
  | "InvalidParameterValue.Malformed"
  | "InvalidParameterValue.ParameterMismatch"
  | "InvalidParameterValue.Range"
  | "InvalidParameterValue.Reserved"
  | "InvalidParameterValue.SubnetConflict"
  | "InvalidParameterValue.SubnetRange"
  | "InvalidParameterValue.TooLong"
  | "LimitExceeded"
  | "LimitExceeded.NetworkInterfaceLimitExceeded"
  | "MissingParameter"
  | "ResourceInUse"
  | "ResourceInsufficient"
  | "ResourceInsufficient.Subnet"
  | "ResourceNotFound"
  | "UnauthorizedOperation.AttachmentNotFound"
  | "UnauthorizedOperation.PrimaryIp"
  | "UnsupportedOperation"
  | "UnsupportedOperation.AddressStatusNotPermit"
  | "UnsupportedOperation.AttachmentAlreadyExists"
  | "UnsupportedOperation.BindEIP"
  | "UnsupportedOperation.InstanceAssociateHavip"
  | "UnsupportedOperation.InvalidState"
  | "UnsupportedOperation.MutexOperationTaskRunning"
  | "UnsupportedOperation.UnbindEIP";

/** What happened, for codes that are too general. */
export type Situation = "havip-has-eip" | "eip-bound-elsewhere" | "not-the-same-subnet";

export interface RefusalFacts {
  readonly situation?: Situation;
  /** The name of the request's parameter. */
  readonly parameter?: string;
  /** The value that was given, or the resource in question. */
  readonly value?: string;
  /** What would have been correct, or the state that forbids it. */
  readonly limit?: string;
}

export interface Refusal {
  readonly kind: "refused";
  readonly code: RefusalCode;
  readonly facts: RefusalFacts;
}

export const refuse = (code: RefusalCode, facts: RefusalFacts): Refusal => ({
  kind: "refused",
  code,
  facts,
});

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "refused";
