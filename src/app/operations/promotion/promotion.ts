import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../../../domain/canonical-json.js'
import type { Profile } from '../../../domain/profile.js'
import { profileSchema } from '../../config/profile/profile-schema.js'

/** A profile by name and by the digest of all that it says. */
export type ProfileDigest = Readonly<{ id: string; version: number; digest: string }>

const profileDigest = z.strictObject({ id: z.string(), version: z.int(), digest: z.string() })
const rows = z.strictObject({ same: z.int(), changed: z.int(), added: z.int(), removed: z.int() })
const ratio = z.strictObject({ numerator: z.number(), denominator: z.number().nullable() }).nullable()

/** The format of the file of a promotion. */
const promotionSchema = z.strictObject({
  /** The version of this format. */
  promotion: z.literal(1),
  /** The profile as a profile file has it, nothing left out. */
  profile: z.record(z.string(), z.unknown()),
  digest: z.string(),
  /** The profile that was in force in the target when the promotion was made. */
  against: profileDigest,
  from: z.strictObject({ tenant: z.string(), generation: z.string().nullable() }),
  made: z.strictObject({ at: z.iso.datetime(), by: z.string(), program: z.string(), projection: z.int() }),
  tests: z.array(
    z.strictObject({
      file: z.string(),
      /** Of the bytes of the file. */
      sha256: z.string(),
      results: z.array(z.strictObject({ name: z.string(), passed: z.boolean() })),
    }),
  ),
  /** What the profile changes in rows of the source against that of the target; null where no range was given. */
  whatIf: z
    .strictObject({
      ...{ generation: z.string(), from: z.string().nullable(), to: z.string().nullable() },
      totals: z.array(
        z.strictObject({
          ...{ family: z.string(), granularity: z.string(), rows },
          kpis: z.array(z.strictObject({ name: z.string(), rows: z.int(), against: ratio, promoted: ratio })),
        }),
      ),
    })
    .nullable(),
  /** Digest of all the rest. It finds an edited file; it is no signature. */
  seal: z.string(),
})

export type Promotion = z.infer<typeof promotionSchema>

/** A promotion that may not be applied, or not be made. The message says why and what to do. */
export class ProfilePromotionRefused extends Error {
  override readonly name = 'ProfilePromotionRefused'
}

/** A profile as a file has it, its zone by name: the offsets of a zone depend on the tables of a machine. */
export const profileFileOf = (profile: Profile): Record<string, unknown> => ({ ...profile, zone: profile.zone.name })

export const digestOf = (profile: Profile): ProfileDigest => ({
  ...{ id: profile.id, version: profile.version },
  digest: sha256(canonicalJson(profileFileOf(profile))),
})

/** The members in which two profiles differ, as a file has them. */
export const differingMembers = (one: Profile, other: Profile): readonly string[] => {
  const [a, b] = [profileFileOf(one), profileFileOf(other)]
  return Object.keys(b).filter((key) => canonicalJson(a[key] ?? null) !== canonicalJson(b[key] ?? null))
}

export const sealed = (promotion: Omit<Promotion, 'promotion' | 'seal'>): Promotion => {
  const content = { promotion: 1 as const, ...promotion }
  return { ...content, seal: sha256(canonicalJson(content)) }
}

/**
 * Reads the content of a promotion's file, and checks what it says of itself: nothing in it was edited, its profile is
 * the one that was tested, and every test passed. Throws `ProfilePromotionRefused`.
 */
export const readPromotion = (content: unknown): Readonly<{ promotion: Promotion; profile: Profile }> => {
  const parsed = promotionSchema.safeParse(content)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ProfilePromotionRefused(
      `this is no promotion as \`streamvane config promote\` writes it: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? ''}`,
    )
  }
  const { seal, ...rest } = parsed.data
  if (sha256(canonicalJson(rest)) !== seal)
    throw new ProfilePromotionRefused(
      'the promotion was edited after it was made: its seal does not fit; make it again',
    )
  const profile = profileSchema.safeParse(rest.profile)
  if (!profile.success)
    throw new ProfilePromotionRefused(
      `the profile of the promotion is none for this version of the program (made by ${rest.made.program}): ${profile.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    )
  if (digestOf(profile.data).digest !== rest.digest)
    throw new ProfilePromotionRefused(
      `the profile of the promotion is not the one that was tested: its digest differs (made by ${rest.made.program})`,
    )
  assertPassed(rest.tests)
  return { promotion: parsed.data, profile: profile.data }
}

/** Throws `ProfilePromotionRefused` where no test was run, or one failed. */
export const assertPassed = (files: Promotion['tests']): void => {
  const results = files.flatMap((each) => each.results)
  if (results.length === 0)
    throw new ProfilePromotionRefused('no test of the profile was run: a promotion carries tests that passed')
  const failed = results.filter(({ passed }) => !passed)
  if (failed.length > 0)
    throw new ProfilePromotionRefused(
      `${failed.length === 1 ? 'a test' : `${failed.length} tests`} of the profile failed: ${failed.map(({ name }) => name).join('; ')}`,
    )
}

/**
 * Holds a promotion against the profile that is in force in the target. Another one than it was made against is refused
 * unless there is a reason to go on. What is in force already needs none. Throws `ProfilePromotionRefused`.
 */
export const assertExpectedTarget = (promotion: Promotion, inForce: Profile, why: string | undefined): void => {
  const now = digestOf(inForce)
  const { against, digest } = promotion
  if (now.digest === against.digest || now.digest === digest || why !== undefined) return
  throw new ProfilePromotionRefused(
    `the promotion was made against ${nameOf(against)}, and ${nameOf(now)} is in force here: make it again against \`streamvane profile show\` of this environment, or say with --why why it goes on`,
  )
}

/** What to say where the tests were run by another version of the program, or of how it counts, than the one here. */
export const otherVersion = (
  { made }: Promotion,
  here: Pick<Promotion['made'], 'program' | 'projection'>,
): string | undefined =>
  made.program === here.program && made.projection === here.projection
    ? undefined
    : `the tests were run by version ${made.program} (projection ${made.projection}); this is ${here.program} (projection ${here.projection}): run them by it if figures changed in between`

/** What the journal says of a promotion that is applied. */
export const promotionDetails = ({ against, from, made, seal, tests }: Promotion) => ({
  ...{ against, from, made, seal },
  tests: tests.map(({ file, sha256: digest, results }) => ({ file, sha256: digest, passed: results.length })),
})

/** The id and version of a profile, and the beginning of its digest: the same version may say something else. */
export const nameOf = ({ id, version, digest }: ProfileDigest): string =>
  `${id} version ${version} (${digest.slice(0, 12)})`

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')
