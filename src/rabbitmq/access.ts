import { openRabbitmq, type RabbitmqLink } from './connection.js'
import { rabbitmqFault } from './faults.js'
import { placeOf, type RabbitmqAddress } from './options.js'

/** What an error means to a sink: as `SinkFailure`, without `Fenced`. A source takes it in the same way. */
export type AccessFailure =
  Readonly<{ tag: 'NotConnected'; cause: unknown }> | Readonly<{ tag: 'Refused'; reason: string }>

/** Opens connections to a cluster, one after the other, and says what its errors mean. */
export type RabbitmqAccess = Readonly<{
  open: () => Promise<RabbitmqLink>
  failure: (cause: unknown) => AccessFailure
}>

/** Credentials that were accepted before and are refused now may be in rotation: this long they are tried again. */
const ROTATION_MS = 120_000

/** `ssl` is the key of the settings of TLS, for messages. */
export const rabbitmqAccess = (
  address: RabbitmqAddress,
  ssl: string,
  now: () => number = () => performance.now(),
): RabbitmqAccess => {
  const place = placeOf(address)
  let preferred: string | undefined
  let refusedSince: number | undefined

  const inRotation = (): boolean => {
    if (preferred === undefined) return false
    refusedSince ??= now()
    return now() - refusedSince < ROTATION_MS
  }

  return {
    open: async () => {
      const link = await openRabbitmq(address, preferred)
      preferred = link.broker
      refusedSince = undefined
      return link
    },
    failure: (cause) => {
      const { kind, words } = rabbitmqFault(cause, place, ssl)
      const isLasting = kind === 'lasting' || (kind === 'credentials' && !inRotation())
      return isLasting ? { tag: 'Refused', reason: words } : { tag: 'NotConnected', cause: new Error(words, { cause }) }
    },
  }
}
