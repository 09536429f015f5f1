import { SecretUnreadable } from '../../credentials/secret.js'
import type { SinkFailure } from '../sink.js'
import { UnreadableRow } from './interval-rows.js'
import { ManifestDamaged } from './manifest.js'
import { ObjectStoreFault } from './object-store.js'
import { IntervalNotWhole } from './publish.js'

/** What an error means for the sink. `place` names the store without credentials. */
export const objectsFailure = (cause: unknown, place: string): SinkFailure => {
  const said = cause instanceof Error ? cause.message : String(cause)
  const isRefused =
    cause instanceof ObjectStoreFault ? cause.refused : refusals.some((refusal) => cause instanceof refusal)
  return isRefused
    ? { tag: 'Refused', reason: `${place}: ${said}` }
    : { tag: 'NotConnected', cause: new Error(`${place}: ${said}`, { cause }) }
}

const refusals = [ManifestDamaged, UnreadableRow, IntervalNotWhole, SecretUnreadable]
