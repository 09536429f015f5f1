import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { LogFacts } from '../../../log/embedded/backup.js'

/** A backup is refused: wrong place, not whole, or not what its manifest says. The message names the remedy. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
}

/** The refusal for a write that failed because the disk is full; `undefined` for other failures. */
export const fullDisk = (folder: string, cause: unknown): BackupRefused | undefined =>
  /ENOSPC|EDQUOT|No space left/.test(String(cause))
    ? new BackupRefused(`the disk of ${folder} is full: make room and start again; nothing is left of this attempt`, {
        cause,
      })
    : undefined

const part = z.object({
  /** The part of the log. Its file is `log/<name>/data.mdb`. */
  name: z.string().regex(/^(raw|control|audit|kpi-[A-Za-z0-9_-]+|publications-[A-Za-z0-9._-]+)$/),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The log's id; null for a log of a version without ids. */
  logId: z.string().nullable(),
  /** The last position, in decimal, and the id of the event there; null while the part is empty. */
  head: z.string().regex(/^\d+$/).nullable(),
  lastEvent: z.string().nullable(),
})

const manifest = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  /** The version of Streamvane that made it. */
  version: z.string(),
  parts: z.array(part),
})

export type BackupPart = z.infer<typeof part>
export type BackupManifest = z.infer<typeof manifest>

const FILE = 'manifest.json'

export const partFile = (folder: string, name: string): string => join(folder, 'log', name, 'data.mdb')

/** Written last and synced: a backup without it is not whole. */
export const writeManifest = async (folder: string, contents: BackupManifest): Promise<void> => {
  const file = await open(join(folder, FILE), 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(contents, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const directory = await open(folder, 'r')
  await directory.sync().finally(() => directory.close())
}

/** @throws BackupRefused if there is none, or it is not one that this version understands. */
export const readManifest = (folder: string): BackupManifest => {
  let text: string
  try {
    text = readFileSync(join(folder, FILE), 'utf8')
  } catch (cause) {
    throw new BackupRefused(
      `${folder} holds no whole backup: ${FILE} cannot be read (${(cause as NodeJS.ErrnoException).code}). ` +
        'A backup that was cut short has none: name the folder of another one.',
      { cause },
    )
  }
  try {
    return manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw new BackupRefused(`${join(folder, FILE)} is not understood: it was changed, or a newer version wrote it`, {
      cause,
    })
  }
}

export const factsOfPart = ({ id, head, lastEvent }: LogFacts): Pick<BackupPart, 'logId' | 'head' | 'lastEvent'> => ({
  logId: id ?? null,
  head: head === undefined ? null : String(head),
  lastEvent: lastEvent ?? null,
})

/** SHA-256 of a file; calls `onBytes` with the number of bytes of each piece. */
export const digestOf = async (
  path: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(piece as Buffer)
    onBytes((piece as Buffer).length)
  }
  return hash.digest('hex')
}
