import { AvroWriter } from '../avro/writer.js'
import type { AvroSchema } from './named-types.js'

/** As what a record is published: which generation computed it, and by which promotion it became live. */
export type Publication = Readonly<{
  generation: string
  /** Number of the promotion: 1 for the first, one more for each other generation that became live, rollbacks too. */
  promotion: number
}>

/**
 * The schema under which data of a stored schema are published: two fields more at the end. The projector encodes a datum
 * once, before anybody knows whether and when its generation is promoted, and a rollback publishes the same datum under
 * another promotion. So they are no part of what is stored, and the egress puts their bytes behind it.
 */
export const publishedSchema = (stored: AvroSchema): AvroSchema => ({
  ...stored,
  fields: [...(stored['fields'] as readonly object[]), ...publicationFields],
})

const publicationFields = [
  {
    name: 'generation',
    type: ['null', 'string'],
    default: null,
    doc: 'The generation that computed the record: one run of the computation over all of history, by one version of the KPI definitions.',
  },
  {
    name: 'promotion',
    type: ['null', 'long'],
    default: null,
    doc: 'By which promotion the generation became the published one. It starts at 1 and rises with every change of the generation, back to an earlier one too. Of two records of the same key the one with the higher promotion counts; within a promotion the one with the higher revision.',
  },
]

/** The bytes of the two fields, which follow a stored datum. The same for all records of a promotion. */
export const publicationBytes = ({ generation, promotion }: Publication): Uint8Array => {
  if (last?.generation === generation && last.promotion === promotion) return last.bytes
  const out = new AvroWriter()
  out.begin()
  out.byte(PRESENT)
  out.string(generation)
  out.byte(PRESENT)
  out.long(promotion)
  last = { generation, promotion, bytes: out.finish() }
  return last.bytes
}

/** What was asked for last: records of one promotion follow each other. */
let last: (Publication & Readonly<{ bytes: Uint8Array }>) | undefined

const PRESENT = 2
