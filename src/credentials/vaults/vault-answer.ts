import { printable } from '../../domain/printable.js'
import { reasonIn, type ServiceAnswer } from '../token-request.js'

/** Who asks a vault, in words for messages: `the managed identity of this machine`. */
export type Caller = string

/**
 * Why a vault did not give a secret. The message names the vault, who asked, and what helps; it holds no secret. `status`
 * is that of HTTP.
 */
export class VaultFault extends Error {
  override readonly name = 'VaultFault'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What to say of an answer that is not 200, by what it means. */
export type Remedies = Readonly<{
  /** Who asks is known, and may not. */
  forbidden: string
  missing: string
}>

/** The fault in an answer. Services of AWS say 400 with a type where others say 403 and 404, which `status` replaces. */
export const faultOf = (
  vault: string,
  caller: Caller,
  { status: said, text }: ServiceAnswer,
  remedies: Remedies,
  status: number = said,
): VaultFault => {
  const words = `${vault} answers ${said} to ${caller}${reasonIn(text)}`
  const remedy =
    status === 401 || status === 403
      ? remedies.forbidden
      : status === 404
        ? remedies.missing
        : status === 429
          ? 'it limits how often it is asked: raise secrets.refreshMs, or ask for fewer secrets'
          : 'it is asked again'
  return new VaultFault(status, printable(`${words}: ${remedy}`))
}

/** Without the final line feed that a shell appends when a secret is piped into a vault. */
export const withoutFinalLineFeed = (value: string): string => value.replace(/\r?\n$/, '')

/** The instant of a version, which vaults say in seconds since 1970. */
export const madeAt = (seconds: unknown): Readonly<{ madeAt?: number }> =>
  typeof seconds === 'number' ? { madeAt: seconds * 1_000 } : {}
