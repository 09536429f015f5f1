import type { AdminRole } from '../../../app/config/admin-schema.js'

/**
 * What a call needs. `figures`: rows, intervals, status. `operations`: what operators work with, and auditors check.
 * `evidence`: raw events, the audit log, computations for an audit. `change`: whatever changes something.
 */
export type Access = 'figures' | 'operations' | 'evidence' | 'change'

/** Who may do what. The table of docs/admin-api.md is held to it by a test. */
export const rolesWith: Readonly<Record<Access, readonly AdminRole[]>> = {
  figures: ['viewer', 'operator', 'auditor'],
  operations: ['operator', 'auditor'],
  evidence: ['auditor'],
  change: ['operator'],
}

/** Who calls: a token of the configuration, a subject of the issuer, or a command on this machine (`local`). */
export type Principal = Readonly<{
  kind: 'token' | 'oidc' | 'local'
  name: string
  roles: readonly AdminRole[]
  tenants: readonly string[]
  /** When the token expires, in epoch ms; absent where it never does. */
  until?: number
}>

export const isAllowed = ({ roles }: Principal, access: Access): boolean =>
  roles.some((role) => rolesWith[access].includes(role))
