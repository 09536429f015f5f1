import { z } from 'zod'
import { splits } from '../../../domain/dimensions.js'
import { familyNames } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import { metricNames } from '../../../domain/metric.js'
import { defaultProfile, pointSources, profileProblems, type Profile } from '../../../domain/profile.js'
import type { Zone } from '../../../domain/zone.js'
import { UnknownZone, zoneOf } from './zones.js'

const ms = z.number().int().min(0)
const { serviceLevel, correlation, agentState } = defaultProfile

/** A list of names, each once and in the order of the catalogue, whatever their order in the file. */
const someOf = <T extends string>(names: readonly T[], byDefault: readonly T[]) =>
  z
    .array(z.enum(names))
    .transform((chosen): readonly T[] => {
      const set = new Set<string>(chosen)
      return names.filter((name) => set.has(name))
    })
    .default(byDefault)

/** A zone: its name, or name and offsets as in a published profile. */
const zoneSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      name: z.string().min(1),
      offsets: z.array(z.tuple([z.number().int(), z.number().int()])).min(1),
    }),
  ])
  .transform((zone, context): Zone => {
    if (typeof zone !== 'string') return zone
    try {
      return zoneOf(zone)
    } catch (cause) {
      if (!(cause instanceof UnknownZone)) throw cause
      context.addIssue({ code: 'custom', message: cause.message })
      return z.NEVER
    }
  })

const kpiSchema = z.strictObject({
  name: z.string().min(1),
  unit: z.enum(['share', 'ms', 'count', 'number']).default('number'),
  formula: z.string().min(1),
  families: z.array(z.enum(familyNames)).min(1),
  doc: z.string().default(''),
})

/** The schema of a KPI profile in a file. Missing keys have the values of the default profile. */
export const profileSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w.:-]{1,128}$/, 'letters, digits, _ . : and - only, 128 at most')
      .default(defaultProfile.id),
    version: z.number().int().min(1).default(defaultProfile.version),
    points: z.enum(pointSources).default(defaultProfile.points),
    intervalMs: ms.default(defaultProfile.intervalMs),
    rollUps: someOf(granularities, defaultProfile.rollUps),
    zone: zoneSchema.default(defaultProfile.zone),
    graceMs: ms.default(defaultProfile.graceMs),
    lateHorizonMs: ms.default(defaultProfile.lateHorizonMs),
    aheadMaxMs: ms.default(defaultProfile.aheadMaxMs),
    families: someOf(familyNames, defaultProfile.families),
    splitBy: someOf(splits, defaultProfile.splitBy),
    quantiles: someOf(metricNames, defaultProfile.quantiles),
    kpis: z.array(kpiSchema).default(() => defaultProfile.kpis.map((kpi) => ({ ...kpi, families: [...kpi.families] }))),
    serviceLevel: z
      .strictObject({
        includeFlowOuts: z.boolean().default(serviceLevel.includeFlowOuts),
        includeAbandons: z.boolean().default(serviceLevel.includeAbandons),
        includeShortAbandons: z.boolean().default(serviceLevel.includeShortAbandons),
        durationMs: ms.default(serviceLevel.durationMs),
        durationMsByMediaType: z.record(z.string(), ms).default({ ...serviceLevel.durationMsByMediaType }),
        durationMsByQueue: z.record(z.string(), ms).default({ ...serviceLevel.durationMsByQueue }),
        overAtDuration: z.boolean().default(serviceLevel.overAtDuration),
      })
      .prefault({}),
    shortAbandonMs: ms.default(defaultProfile.shortAbandonMs),
    shortAbandonThrough: z.boolean().default(defaultProfile.shortAbandonThrough),
    waitIncludesCustomerFirst: z.boolean().default(defaultProfile.waitIncludesCustomerFirst),
    occupancyCountsNotResponding: z.boolean().default(defaultProfile.occupancyCountsNotResponding),
    correlation: z
      .strictObject({
        acwHorizonMs: ms.default(correlation.acwHorizonMs),
        acwSlackMs: ms.default(correlation.acwSlackMs),
        restateHorizonMs: ms.default(correlation.restateHorizonMs),
        alertEndedByOther: z.array(z.string()).default([...correlation.alertEndedByOther]),
        callbackMode: z.enum(['AgentFirst', 'CustomerFirst']).nullable().default(correlation.callbackMode),
        transfers: z.array(z.string()).default([...correlation.transfers]),
        blindTransfers: z.array(z.string()).default([...correlation.blindTransfers]),
        consultTransfers: z.array(z.string()).default([...correlation.consultTransfers]),
      })
      .prefault({}),
    agentState: z
      .strictObject({
        stateMaxMs: ms.default(agentState.stateMaxMs),
        endsRoutingStatus: z.array(z.string()).default([...agentState.endsRoutingStatus]),
      })
      .prefault({}),
  })
  .superRefine((profile: Profile, context) => {
    for (const message of profileProblems(profile)) context.addIssue({ code: 'custom', message })
  })
