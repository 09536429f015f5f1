import type { Role, SessionView } from '../../../http/console/shapes.js'

/** What an operation of the admin API needs: docs/admin-api.md, "Who may do what". */
export type Access = 'figures' | 'operations' | 'evidence' | 'change'

/** The server decides; this only keeps the console from showing what it would refuse. Held to the server's by a test. */
export const rolesWith: Readonly<Record<Access, readonly Role[]>> = {
  figures: ['viewer', 'operator', 'auditor'],
  operations: ['operator', 'auditor'],
  evidence: ['auditor'],
  change: ['operator'],
}

export const mayUse = ({ roles, isReadOnly }: Pick<SessionView, 'roles' | 'isReadOnly'>, access: Access): boolean =>
  !(access === 'change' && isReadOnly) && roles.some((role) => rolesWith[access].includes(role))

/** Why a session may not use something, in words. */
export const refusalText = (session: Pick<SessionView, 'roles' | 'isReadOnly'>, access: Access): string =>
  access === 'change' && session.isReadOnly
    ? 'This console is read only (streamvane console). Changes need streamvane run --console.'
    : `This needs the role ${rolesWith[access].join(' or ')}. You have: ${session.roles.join(', ') || 'none'}.`
