import * as E from 'fp-ts/lib/Either.js'
import type { Finding } from '../../../audit/finding.js'
import { configStream } from '../../../domain/stream-name.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'
import { placeOf, type ErasedStream } from './check-history.js'
import { RAW_TREE } from './trees.js'

/** A stream of which events were signed and then erased, and the record of that. */
export type Erasure = Readonly<{ stream: string; leaves: number; at: string }>

/** Why an event is gone: the erasure that the log records. */
export const erasureIn = (event: RecordedEvent): Readonly<{ stream: string; at: string }> | undefined => {
  if (event.type !== 'StreamErased') return undefined
  const facts = decodeRaw(event.type, event.data)
  const fact = E.isRight(facts) ? facts.right.find(({ type }) => type === 'StreamErased') : undefined
  return fact?.type === 'StreamErased' ? { stream: fact.stream, at: new Date(fact.at).toISOString() } : undefined
}

/** Compares what is gone with the records of erasures in the raw log. */
export const erasuresOf = async (
  raw: EventLog,
  tenant: string,
  gone: ReadonlyMap<string, ErasedStream>,
): Promise<Readonly<{ erasures: readonly Erasure[]; findings: readonly Finding[] }>> => {
  const erasures: Erasure[] = []
  const findings: Finding[] = []
  for (const [stream, { leaves, first, firstLeaf }] of gone) {
    const at = await erasedAt(raw, tenant, stream)
    if (at !== undefined) erasures.push({ stream, leaves, at })
    else
      findings.push({
        kind: 'unrecorded-erasure',
        ...placeOf(RAW_TREE, firstLeaf, first),
        what: `${leaves} events of the stream are gone, and no erasure of it is recorded in the raw log`,
      })
  }
  return { erasures, findings }
}

const erasedAt = async (raw: EventLog, tenant: string, stream: string): Promise<string | undefined> => {
  let at: string | undefined
  for await (const batch of raw.readStream(configStream(tenant, 'erased', stream)))
    for (const event of batch) {
      const erasure = erasureIn(event)
      if (erasure?.stream === stream) at = erasure.at
    }
  return at
}
