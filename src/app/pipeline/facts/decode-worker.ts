import { encodeSegment, type SegmentOrigin } from '../../../facts/codec/segment.js'
import type { PointSource } from '../../../domain/profile.js'
import { serve } from '../../workers/serve.js'
import { decodeRun, digestOf } from './decode-run.js'
import { unpackStretch, type PackedStretch } from './packed-stretch.js'

export type DecodeInput = Readonly<{ stretch: PackedStretch; origin: SegmentOrigin }>

/** The work of a decoding thread: raw events in, the bytes of a segment out. */
serve(({ stretch: packed, origin }: DecodeInput) => {
  const stretch = unpackStretch(packed)
  const points = origin.points as PointSource
  const bytes = encodeSegment({ origin, digest: digestOf(stretch, points), run: decodeRun(stretch, points) })
  const output = new Uint8Array(bytes)
  return { output, transfer: [output.buffer] }
})
