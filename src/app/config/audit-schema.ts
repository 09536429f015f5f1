import { z } from 'zod'
import { secret } from './secrets/secret-schema.js'

/** The signer key stands in a file, a variable or a vault, never in the configuration itself. */
const keyReference = z.union(
  [z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) }), secret],
  'a reference to a signer key is { file: path }, { env: NAME } or a secret of a vault ({ keyvault: https://… }); streamvane audit keygen makes a key',
)

export const auditSchema = z.strictObject({
  /** With it `run` has a stage that signs heads of the trees over the log. */
  key: keyReference.optional(),
  /** Verifier keys whose heads count beside those of `key`: earlier keys, or all where no key is at hand. */
  verifierKeys: z.array(z.string().min(1)).default([]),
  /** How long events wait for the head that speaks of them. */
  everyMs: z.number().int().min(1_000).default(60_000),
  /** No head speaks of more new events than this. */
  everyEvents: z.number().int().min(1).default(100_000),
})

export type AuditSettings = z.infer<typeof auditSchema>
