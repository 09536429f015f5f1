import { randomBytes } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'
import { z } from 'zod'
import type { Leaving } from './issuer.js'

/** How long somebody may take at the issuer. */
export const LEAVING_MAX_S = 600

const schema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() })

/** What a browser brings back, and the page of the console to which it wanted. */
export type Kept = Leaving & Readonly<{ to: string }>

/**
 * What a browser keeps in a cookie while it is at the issuer, so that this process keeps nothing of people who never
 * come back. Encrypted and authenticated by a key that ends with the process.
 */
export const seals = (
  now: () => number,
): Readonly<{ seal: (kept: Kept) => Promise<string>; open: (sealed: string) => Promise<Kept | undefined> }> => {
  const key = randomBytes(32)
  return {
    seal: (kept) =>
      new EncryptJWT({ ...kept })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(Math.floor(now() / 1_000) + LEAVING_MAX_S)
        .encrypt(key),
    /** `undefined`: altered, overdue, or sealed by another process. */
    open: async (sealed) => {
      try {
        const { payload } = await jwtDecrypt(sealed, key, { currentDate: new Date(now()) })
        return schema.parse(payload)
      } catch {
        return undefined
      }
    },
  }
}
