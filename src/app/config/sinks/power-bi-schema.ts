import { z } from 'zod'
import { familyNames } from '../../../domain/family.js'
import { pushLimits } from '../../../egress/power-bi/limits.js'
import { defaultFigures, isFigureOf, pushTable } from '../../../egress/power-bi/tables.js'
import { entraFaults, entraIdentityKeys } from '../connections/entra-identity.js'
import type { SettingFault } from '../setting-fault.js'

const id = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'an id as it stands in the address of the page')

/** The settings of a push semantic model of Power BI (docs/sinks/power-bi.md). */
export const powerBiSchema = z.strictObject({
  workspaceId: id,
  /** The semantic model, by one of the two; `create`: it is made if the workspace has none of that name. */
  dataset: z.union([
    z.strictObject({ id }),
    z.strictObject({
      name: z.string().min(1).max(256),
      create: z.boolean().default(false),
      /** Of tables that are made: the last 200,000 rows, or up to 5 million. */
      retention: z.enum(['basicFIFO', 'None']).default('basicFIFO'),
    }),
  ]),
  ...entraIdentityKeys,
  scope: z.string().min(1).default('https://analysis.windows.net/powerbi/api/.default'),
  apiUrl: z
    .string()
    .refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host')
    .default('https://api.powerbi.com'),
  /** Columns beside those that say which row it is, by their names in the SQL tables. */
  figures: z
    .array(z.string())
    .min(1)
    .default([...defaultFigures]),
  requestTimeoutMs: z.number().int().min(1).max(600_000).default(30_000),
})

export type PowerBiSettings = z.infer<typeof powerBiSchema>

export const powerBiFaults = ({ figures, ...settings }: PowerBiSettings): readonly SettingFault[] => [
  ...entraFaults(settings, process.env, 'clientSecret').map(({ key, message }) => ({ path: [key], message })),
  ...figures
    .filter((name) => !isFigureOf(familyNames, name))
    .map((name) => ({
      path: ['figures'],
      message: `no family has a column ${name} (docs/sql.md says how they are named)`,
    })),
  ...(familyNames.every((family) => pushTable(family, figures).columns.length <= pushLimits.columns)
    ? []
    : [{ path: ['figures'], message: `a table would have more than ${pushLimits.columns} columns: name fewer` }]),
]
