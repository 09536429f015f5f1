import type { EpochMs } from '../domain/interval.js'
import { deadLetterStream } from '../domain/stream-name.js'
import { contentId } from '../log/content-id.js'
import type { NewEvent } from '../log/event-log.js'
import type { Unusable } from './unusable.js'

/** Type of the events in the dead-letter stream. */
export const DEAD_LETTERED = 'DeadLettered'

/** Which stage could not use the input. */
export type Stage = 'ingress' | 'projector'

/** What is stored beside the bytes of a dead letter. */
export type DeadLetterNote = Readonly<{
  reason: string
  detail: string
  stage: Stage
  /** Source of the input, or stream and revision of the raw event. */
  origin: string
  topic?: string
  receivedAt: string
}>

type LetterOrigin = Readonly<{ tenant: string; source: string; receivedAt: EpochMs }>

/**
 * The event that stores unusable input byte for byte, with the reason. The same input with the same reason has the same
 * id, so it is stored once.
 */
export const deadLetter = (
  raw: Uint8Array,
  unusable: Unusable,
  origin: LetterOrigin,
  stage: Stage,
): Readonly<{ stream: string; event: NewEvent }> => {
  const note: DeadLetterNote = {
    reason: unusable.reason,
    detail: unusable.detail,
    stage,
    origin: origin.source,
    ...(unusable.topic === undefined ? {} : { topic: unusable.topic }),
    receivedAt: new Date(origin.receivedAt).toISOString(),
  }
  return {
    stream: deadLetterStream(origin.tenant),
    event: {
      id: contentId('dead-letter', stage, unusable.reason, raw),
      type: DEAD_LETTERED,
      data: raw,
      metadata: Buffer.from(JSON.stringify(note)),
    },
  }
}
