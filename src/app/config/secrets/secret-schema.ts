import { z } from 'zod'
import { Secret } from '../../../credentials/secret.js'

/** A reference to a secret, or text from the environment; `withSecrets` has made a `Secret` of it. */
export const secret = z.custom<Secret>(
  (value) => value instanceof Secret,
  'a secret is written as { file: /run/secrets/name } or { env: NAME }',
)

export const httpUrl = z
  .string()
  .refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host:port')
