/** Test support: bytes that cannot be compressed, and are the same in every run. */
import { createCipheriv, createHash } from 'node:crypto'

export const noise = (seed: string, size: number): Uint8Array => {
  const key = createHash('sha256').update(seed).digest()
  return new Uint8Array(createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size)))
}
