import type { Fact } from '../../domain/fact.js'
import type { PlainEvent } from '../plain/plain-event.js'
import type { Body } from './fields.js'
import type { PlainPoint } from './plain-metric-record.js'

/** How the events of one topic are decoded. */
export type Decoder = Readonly<{
  /** All members of the body that `facts` reads. A body that is scanned instead of parsed holds no others. */
  fields: readonly string[]
  /**
   * The facts in a body; none if it holds nothing that KPIs need. `entityId` is the id in the topic name. Throws
   * `BadField`.
   */
  facts: (body: Body, entityId: string) => readonly Fact[]
  /** The same for a plain event of the usual form; `undefined` for others. */
  plainFact?: (event: PlainEvent) => Fact | undefined
  /** The same fact, where it is a metric point. */
  plainPoint?: (event: PlainEvent) => PlainPoint | undefined
}>

export type Decoders = Readonly<Record<string, Decoder>>
