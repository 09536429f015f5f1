import { unreachable } from '../domain/unreachable.js'

/** Why a call of the platform API has no answer. `what` names the call: `GET /api/v2/routing/queues`. */
export type GenesysFailure =
  /** The client is unknown, its secret is wrong, or a token that was just issued is not accepted. */
  | Readonly<{ tag: 'CredentialsRefused'; what: string; reason: string }>
  /** The client's roles lack permissions; `missing` lists them where the platform names them. */
  | Readonly<{ tag: 'NotPermitted'; what: string; missing: readonly string[]; reason: string }>
  | Readonly<{ tag: 'NotFound'; what: string; reason: string }>
  /** Refused for what was asked; the same request will be refused again. */
  | Readonly<{ tag: 'Refused'; what: string; status: number; code: string | undefined; reason: string }>
  /** Dropped connections, 5xx or 429 for longer than the client waits. It may work later. */
  | Readonly<{ tag: 'NotAvailable'; what: string; reason: string }>
  /** The answer is not what the API documents. */
  | Readonly<{ tag: 'Unreadable'; what: string; reason: string }>
  /** The signal aborted. */
  | Readonly<{ tag: 'Aborted'; what: string }>

/** Whether the same call may work later without anybody changing anything. */
export const mayPass = ({ tag }: GenesysFailure): boolean => tag === 'NotAvailable' || tag === 'Aborted'

/** What happened and how to mend it, on one line. */
export const genesysFailureText = (failure: GenesysFailure): string => {
  const { what } = failure
  switch (failure.tag) {
    case 'CredentialsRefused':
      return `${what}: Genesys refuses the client (${failure.reason}): see genesys.clientId, genesys.clientSecret and genesys.region`
    case 'NotPermitted':
      return failure.missing.length === 0
        ? `${what}: not permitted (${failure.reason}): the roles of the OAuth client lack a permission`
        : `${what}: not permitted: a role of the OAuth client needs ${failure.missing.join(', ')}`
    case 'NotFound':
      return `${what}: not found (${failure.reason})`
    case 'Refused':
      return `${what}: Genesys refuses the request with ${failure.status} (${failure.reason})`
    case 'NotAvailable':
      return `${what}: Genesys does not answer (${failure.reason})`
    case 'Unreadable':
      return `${what}: the answer cannot be read (${failure.reason})`
    case 'Aborted':
      return `${what}: stopped`
    default:
      return unreachable(failure)
  }
}
