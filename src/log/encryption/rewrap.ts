import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { KEY_FILE, keySlot, SLOT_BYTES, type KeyFile, type WrappedKey } from './key-file.js'
import { yieldToEventLoop } from '../follow.js'
import type { KeyIndex } from './key-index.js'

/** Keys that are wrapped anew in one step: as long as that takes, no other process makes a key. */
const STEP = 1_024
const NUMBER_BYTES = 6
const DIGEST_BYTES = 32

export type Rewrapping = Readonly<{
  /** The key wrapped anew; `undefined` if it need not be. */
  rewrapped: (number: number, key: WrappedKey) => WrappedKey | undefined
  onProgress: (done: number, total: number) => void
  signal: AbortSignal
}>

/**
 * Wraps all keys of a file anew, in steps. The places of a step are written to a draft beside the file first, so that a step
 * that was cut short is finished by the next who opens the file for writing.
 */
export const rewrapAll = async (
  folder: string,
  file: KeyFile,
  index: KeyIndex,
  { rewrapped, onProgress, signal }: Rewrapping,
): Promise<number> => {
  let done = 0
  const total = file.count()
  for (let from = 0; from < total && !signal.aborted; from += STEP) {
    done += index.alone(() => {
      const places = new Map<number, Buffer>()
      for (let number = from; number < Math.min(total, from + STEP); number++) {
        const slot = file.slot(number)
        const next = slot.kind === 'key' ? rewrapped(number, slot.key) : undefined
        if (next !== undefined) places.set(number, keySlot(next))
      }
      if (places.size > 0) {
        writeDraft(folder, places)
        finishRewrapping(folder, file)
      }
      return places.size
    })
    onProgress(Math.min(total, from + STEP), total)
    await yieldToEventLoop()
  }
  return done
}

/** Puts the places of a draft into the file. A draft that is not whole has changed nothing, and is thrown away. */
export const finishRewrapping = (folder: string, file: KeyFile): void => {
  const path = draftOf(folder)
  if (!existsSync(path)) return
  const places = placesIn(readFileSync(path))
  if (places !== undefined) file.replace(places)
  rmSync(path, { force: true })
}

const draftOf = (folder: string): string => join(folder, `${KEY_FILE}.rewrapping`)

const writeDraft = (folder: string, places: ReadonlyMap<number, Buffer>): void => {
  const body = Buffer.concat(
    [...places].map(([number, bytes]) => {
      const head = Buffer.alloc(NUMBER_BYTES)
      head.writeUIntBE(number, 0, NUMBER_BYTES)
      return Buffer.concat([head, bytes])
    }),
  )
  const file = openSync(draftOf(folder), 'w', 0o600)
  try {
    writeSync(file, Buffer.concat([digestOf(body), body]))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const placesIn = (draft: Buffer): ReadonlyMap<number, Buffer> | undefined => {
  const body = draft.subarray(DIGEST_BYTES)
  if (draft.length < DIGEST_BYTES || !digestOf(body).equals(draft.subarray(0, DIGEST_BYTES))) return undefined
  const places = new Map<number, Buffer>()
  for (let at = 0; at < body.length; at += NUMBER_BYTES + SLOT_BYTES)
    places.set(body.readUIntBE(at, NUMBER_BYTES), body.subarray(at + NUMBER_BYTES, at + NUMBER_BYTES + SLOT_BYTES))
  return places
}

const digestOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
