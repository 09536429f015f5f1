import { readColumns, type ReadColumns } from '../../../ingress/read-columns.js'
import { serve } from '../../workers/serve.js'
import type { RawBatch } from './batch-reader.js'

serve<RawBatch, ReadColumns>(({ bytes, ends, origin }) => {
  const raws: Uint8Array[] = []
  let from = 0
  for (const end of ends) {
    raws.push(bytes.subarray(from, end))
    from = end
  }
  const columns = readColumns(raws, origin)
  return { output: columns, transfer: [columns.ids.buffer, columns.address.buffer, columns.latest.buffer] }
})
