import { z } from 'zod'
import { isPackage } from '../plugins/resolve-package.js'

type Kind = Readonly<{ use: string; schema: z.ZodObject }>

/**
 * An entry of a list of sinks or sources: what the entries have in common, and the keys of the kind that `use` names,
 * which the registry of kinds knows and the type does not.
 */
export type Entry<Common extends z.ZodRawShape> = z.infer<z.ZodObject<Common>> &
  Readonly<{ use: string; [setting: string]: unknown }>

/** Reads an entry by the schema of its kind. `what`: `sink` or `source`, for the message of an unknown kind. */
export const entrySchema = <Common extends z.ZodRawShape>(
  what: string,
  kinds: readonly Kind[],
  common: Common,
): z.ZodType<Entry<Common>> => {
  const schemas = new Map(
    kinds.map(({ use, schema }) => [use, z.strictObject({ use: z.literal(use), ...common, ...schema.shape })]),
  )
  /** What else an entry of a package says is read by the package, when it is loaded. */
  const ofPackages = z.looseObject({ use: z.string(), ...common })
  return z.unknown().transform((entry, context) => {
    const use = isEntry(entry) ? entry['use'] : undefined
    const schema = typeof use !== 'string' ? undefined : isPackage(use) ? ofPackages : schemas.get(use)
    if (schema === undefined) {
      const kindNames = kinds.map((kind) => kind.use).join(', ')
      const message =
        use === undefined
          ? `use is missing: it names the kind of ${what}, one of ${kindNames}`
          : `there is no kind of ${what} ${JSON.stringify(use)}; there are ${kindNames}; a package is written @scope/name, npm:name or ./file.js`
      context.addIssue({ code: 'custom', path: ['use'], message })
      return z.NEVER
    }
    const parsed = schema.safeParse(entry)
    if (parsed.success) return parsed.data as Entry<Common>
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: undefined })
    return z.NEVER
  })
}

const isEntry = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
