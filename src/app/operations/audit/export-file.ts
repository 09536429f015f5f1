import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { writeExport, type Exported, type ExportOptions } from './export.js'

export type ExportFileOptions = Omit<ExportOptions, 'write'> &
  Readonly<{
    /** The file, which must not exist. It appears when it is whole. */
    out: string
  }>

/** Writes an export (`writeExport`) to a file. */
export const exportAudit = async ({ out, ...options }: ExportFileOptions): Promise<Exported> => {
  const draft = `${out}.part`
  const file = new DraftFile(draft)
  try {
    const exported = await writeExport({ ...options, write: (bytes) => file.write(bytes) })
    await file.close()
    await rename(draft, out)
    return exported
  } catch (cause) {
    await file.close().catch(() => undefined) // the first failure is told
    await rm(draft, { force: true })
    throw cause
  }
}

/** The file that is being written. */
class DraftFile {
  readonly #stream: ReturnType<typeof createWriteStream>
  #failure: Error | undefined

  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'w', mode: 0o600 })
    this.#stream.on('error', (cause) => (this.#failure = cause))
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#stream.write(bytes)) await once(this.#stream, 'drain')
  }

  async close(): Promise<void> {
    this.#stream.end()
    if (!this.#stream.closed) await once(this.#stream, 'close')
    if (this.#failure !== undefined) throw this.#failure
  }
}
