import { createHash } from 'node:crypto'
import { ObjectStoreFault, type ObjectStore } from '../../../src/egress/objects/object-store.js'

/** What lies in a bucket in memory. Several stores can share it, and it outlives them. */
export type MemoryBucket = Map<string, Readonly<{ bytes: Uint8Array; etag: string }>>

/** Called before each request, and with `true` behind each put that took place. Throwing there is a dropped answer. */
export type OnRequest = (request: string, isDone: boolean) => void

/** The reference implementation of the port. */
export const memoryObjectStore = (bucket: MemoryBucket = new Map(), onRequest: OnRequest = () => {}): ObjectStore => {
  const asked = (request: string, isDone = false): void => {
    try {
      onRequest(request, isDone)
    } catch (cause) {
      throw new ObjectStoreFault((cause as Error).message, { refused: false, cause })
    }
  }
  return {
    place: 'memory',
    get: async (key) => {
      asked(`get ${key}`)
      return bucket.get(key)
    },
    put: async ({ key, bytes, sha256 }, condition) => {
      asked(`put ${key}`)
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error(`${key}: damaged on the way`)
      const found = bucket.get(key)
      if (condition === 'absent' ? found !== undefined : found?.etag !== condition.is) return undefined
      // As at S3 and Azure: other bytes, or the same put again, are another version.
      const etag = `"${++versions}"`
      bucket.set(key, { bytes, etag })
      asked(`put ${key}`, true)
      return etag
    },
    look: async (key) => {
      asked(`look ${key}`)
      const found = bucket.get(key)
      return found && { bytes: found.bytes.length, etag: found.etag }
    },
    list: async function* (begin) {
      asked(`list ${begin}`)
      for (const [key, { bytes }] of [...bucket].sort(([a], [b]) => (a < b ? -1 : 1)))
        if (key.startsWith(begin)) yield { key, bytes: bytes.length }
    },
    close: () => {},
  }
}

let versions = 0
