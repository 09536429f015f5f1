import * as E from 'fp-ts/lib/Either.js'
import type { Secret } from '../../../credentials/secret.js'
import { failureText, type Sink, type SinkFailure } from '../../../egress/sink.js'

/**
 * A sink whose secrets may be in vaults (`secrets`). One that is refused reads them anew first: where one has another
 * value by then, the refusal is told as a lost connection, and the egress connects with that value. A sink without
 * such secrets stays as it is.
 */
export const withFreshSecrets = (sink: Sink, secrets: readonly Secret[]): Sink => {
  const held = secrets.flatMap((secret) => (secret.held === undefined ? [] : [{ secret, value: secret.held }]))
  if (held.length === 0) return sink

  const valuesNow = (): readonly (string | undefined)[] =>
    held.map(({ secret, value }) => (value.state().kind === 'unread' ? undefined : secret.read()))

  /** `before`: the values with which the sink was refused. */
  const checked = async (failure: SinkFailure, before: readonly (string | undefined)[]): Promise<SinkFailure> => {
    if (failure.tag !== 'Refused') return failure
    await Promise.all(held.map(({ value }) => value.renew()))
    const now = valuesNow()
    return now.every((value, place) => value === before[place])
      ? failure
      : { tag: 'NotConnected', cause: new Error(`${failureText(failure)}; a secret has a new version meanwhile`) }
  }
  return {
    ...sink,
    connect: (signal, check) => async () => {
      const before = valuesNow()
      const result = await sink.connect(signal, check)()
      return E.isRight(result) ? result : E.left(await checked(result.left, before))
    },
    write: (batch, signal) => async () => {
      const before = valuesNow()
      const result = await sink.write(batch, signal)()
      return E.isRight(result) ? result : E.left(await checked(result.left, before))
    },
  }
}
