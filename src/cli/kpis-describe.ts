import { families, familyNames } from '../domain/family.js'
import { builtInKpis, type BuiltInKpi, type Kpi } from '../domain/kpi.js'
import { evidenceLevels, type EvidenceLevel } from '../domain/metric-texts.js'
import {
  isMetricName,
  metricDoc,
  metricEmitted,
  metricGroup,
  metricKind,
  metricEvidence,
  metricNames,
  metricSource,
  metricUnit,
  type MetricName,
} from '../domain/metric.js'
import { namedKpis, statisticsOf, type NamedKpi } from '../domain/named-kpi.js'
import { aliases, notComputed, type NotComputed } from '../domain/not-computed.js'
import type { Profile } from '../domain/profile.js'
import { nearNames } from '../domain/near-names.js'
import { UsageError } from './command/exit.js'

/** The meaning of a name. */
export type Description =
  | (Readonly<{ kind: 'figure'; profile: string }> & NamedKpi)
  | (Readonly<{ kind: 'metric' }> & MetricDescription)
  | (Readonly<{ kind: 'kpi'; source: string | null; mark: EvidenceLevel | null }> & Kpi)
  | (Readonly<{ kind: 'not-computed' }> & NotComputed)
  | Readonly<{ kind: 'field'; name: string; doc: string }>
  | Readonly<{ kind: 'alias'; name: string; doc: string; means: Description }>

type MetricDescription = Readonly<{
  name: MetricName
  doc: string
  group: string
  unit: string
  statistics: readonly string[]
  families: readonly string[]
  emitted: string
  source: string
  mark: EvidenceLevel
}>

/** Fields of rows that are neither measures nor KPIs, but have a name in Genesys. */
const fields: Readonly<Record<string, string>> = {
  serviceTarget:
    'The service-level target configured for the queue, a share from 0 to 1, in queue rows. It cannot be added up.',
}

/** Throws `UsageError` with near names for an unknown name. */
export const descriptionOf = (name: string, profile: Profile): Description => {
  const named = namedKpis(profile)
  const figure = named.find((one) => one.name === name)
  if (figure !== undefined) return { kind: 'figure', profile: `${profile.id} version ${profile.version}`, ...figure }
  if (isMetricName(name)) return { kind: 'metric', ...metricOf(name) }
  const kpis: readonly (Kpi | BuiltInKpi)[] = [...builtInKpis, ...profile.kpis]
  const kpi = kpis.find((one) => one.name === name)
  if (kpi !== undefined) return { kind: 'kpi', source: null, mark: null, ...kpi }
  const absent = notComputed.find((one) => one.name === name)
  if (absent !== undefined) return { kind: 'not-computed', ...absent }
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field !== undefined) return { kind: 'field', name, doc: field }
  const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined
  if (alias !== undefined) return { kind: 'alias', name, doc: alias.doc, means: descriptionOf(alias.leadsTo, profile) }
  const all = [named, kpis, notComputed].flatMap((list) => list.map((one) => one.name))
  const near = nearNames(name, [...all, ...metricNames, ...Object.keys(fields), ...Object.keys(aliases)])
  throw new UsageError(
    near.length === 0
      ? `there is no KPI or metric ${name}; streamvane kpis list shows what there is`
      : `there is no KPI or metric ${name}; did you mean ${near.join(' or ')}?`,
  )
}

const metricOf = (name: MetricName): MetricDescription => ({
  name,
  doc: metricDoc(name),
  group: `${metricGroup(name)}, ${metricKind(name)}`,
  unit: metricUnit(name),
  statistics: statisticsOf(name),
  families: familyNames.filter((family) => families[family].metrics.includes(name)),
  emitted: metricEmitted(name),
  source: metricSource(name),
  mark: metricEvidence(name),
})

/** Describes a name as text, one line per fact. */
export const inWords = (found: Description): string => {
  switch (found.kind) {
    case 'figure':
      return page(found.name, found.doc, [
        ['formula', found.formula],
        ['unit', found.unit],
        ['in profile', `${found.profile}: ${found.isOn ? 'on' : 'off'}`],
        ['note', found.note],
        ['row', families[found.family].doc],
        ['emitted', found.emitted],
        ...(found.metrics.length < 2
          ? []
          : found.metrics.map((metric) => [`  ${metric}`, metricEmitted(metric)] as const)),
        ...evidence(found),
      ])
    case 'metric':
      return page(found.name, found.doc, [
        ['kind', found.group],
        ['unit', found.unit],
        ['statistics', found.statistics.join(', ')],
        ['families', found.families.join(', ')],
        ['emitted', found.emitted],
        ...evidence(found),
      ])
    case 'kpi':
      return page(found.name, found.doc, [
        ['formula', found.formula],
        ['unit', found.unit],
        ['families', found.families.join(', ')],
        ...evidence(found),
      ])
    case 'not-computed':
      return page(`${found.name} is not computed`, found.doc, [
        ['why', found.why],
        ['instead', found.instead],
        ...evidence(found),
      ])
    case 'field':
      return page(found.name, found.doc, [])
    case 'alias':
      return `${page(found.name, found.doc, [])}\n\n${inWords(found.means)}`
  }
}

type Line = readonly [label: string, text: string | null]

const evidence = ({
  source,
  mark,
}: Readonly<{ source: string | null; mark: EvidenceLevel | null }>): readonly Line[] => [
  ['source', source === null ? null : `${source} (docs/sources.md)`],
  ['mark', mark === null ? null : `${mark}: ${evidenceLevels[mark]}`],
]

const page = (title: string, doc: string, lines: readonly Line[]): string => {
  const said = lines.filter((line): line is readonly [string, string] => line[1] !== null)
  const width = Math.max(0, ...said.map(([label]) => label.length))
  return [title, `  ${doc}`, ...said.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`)].join('\n')
}
