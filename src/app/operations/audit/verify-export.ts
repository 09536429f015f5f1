import { createReadStream } from 'node:fs'
import { FrameDecoder } from '../../../audit/export/frames.js'
import { ExportVerifier, type ExportReport } from '../../../audit/export/verify-export.js'
import type { VerifierKey } from '../../../audit/note.js'
import type { SignedHead } from '../../../audit/tree-head.js'

export type VerifyExportOptions = Readonly<{
  path: string
  keys: readonly VerifierKey[]
  /** Heads that were kept elsewhere, which the export must contain what they speak of. */
  held: readonly SignedHead[]
  signal: AbortSignal
  onProgress?: (bytes: number) => void
}>

/** Checks an export. Needs nothing but the file and the keys. */
export const verifyExport = async ({
  path,
  keys,
  held,
  signal,
  onProgress,
}: VerifyExportOptions): Promise<ExportReport> => {
  const decoder = new FrameDecoder()
  const verifier = new ExportVerifier(keys, held)
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    for (const frame of decoder.push(chunk as Buffer)) verifier.take(frame)
    onProgress?.((bytes += (chunk as Buffer).length))
  }
  return verifier.end(decoder.end())
}
