import type { Fact } from '../../domain/fact.js'
import type { Body } from './fields.js'

/** How one topic is read. */
export type Decoder = Readonly<{
  /**
   * Every member of the body that `facts` looks at: where the body is scanned rather than parsed, it holds no others.
   */
  fields: readonly string[]
  /**
   * The facts that a body states; none if it states nothing that KPIs need. `entityId` is the id in the topic's name.
   * Throws `BadField`.
   */
  facts: (body: Body, entityId: string) => readonly Fact[]
}>

export type Decoders = Readonly<Record<string, Decoder>>
