import { Option, type Command } from 'commander'
import { loadProfile } from '../app/config/load.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { isMetricName, metricNames } from '../domain/metric.js'
import { namedKpis, type NamedKpi } from '../domain/named-kpi.js'
import type { Profile } from '../domain/profile.js'
import { nearNames } from '../domain/near-names.js'
import { command, commandGroup, type CommonFlags } from './command/command.js'
import { configOf } from './command/context.js'
import { UsageError } from './command/exit.js'
import { printTable, printText } from './command/table.js'
import { descriptionOf, inWords } from './kpis-describe.js'
import { summaries } from './command/summaries.js'

type ProfileFlags = CommonFlags & Readonly<{ profile?: string; json?: boolean }>
type ListFlags = ProfileFlags & Readonly<{ family?: FamilyName; metric?: string; on?: boolean; off?: boolean }>

/** Describes figures without opening a data folder. */
export const kpisCommand = (): Command => {
  const group = commandGroup('kpis', summaries.kpis)
  group.addCommand(
    withProfile('list', 'list the KPIs by name: <family>.<metric>.<statistic> and <family>.<kpi>', [
      'streamvane kpis list --family queue --on',
      'streamvane kpis list --metric tAnswered --json | jq -r .name',
      'streamvane kpis list --off --profile profile.yaml',
    ])
      .addOption(new Option('--family <name>', 'only of this family').choices(familyNames))
      .option('--metric <name>', 'only those made of this metric, KPIs included')
      .addOption(new Option('--on', 'only those that the profile has on').conflicts('off'))
      .option('--off', 'only those that the profile has off')
      .option('--json', 'one JSON object a line')
      .action(async (flags: ListFlags) => {
        const profile = await profileOf(flags)
        const listed = namedKpis(profile).filter(filterOf(flags))
        if (flags.json === true) for (const kpi of listed) console.log(JSON.stringify(kpi))
        else printLines(listed, profile)
      }),
  )
  group.addCommand(
    withProfile('describe', 'say what a KPI, a metric or a name of Genesys means, and where that is from', [
      'streamvane kpis describe queue.serviceLevel',
      'streamvane kpis describe tAnswered',
      'streamvane kpis describe queue.tAnswered.p95 --json',
    ])
      .argument('<name>', 'queue.serviceLevel, queue.tAnswered.p95, serviceLevel, tAnswered, oServiceLevel, …')
      .option('--json', 'as JSON')
      .action(async (name: string, flags: ProfileFlags) => {
        const found = descriptionOf(name, await profileOf(flags))
        console.log(flags.json === true ? JSON.stringify(found, null, 2) : inWords(found))
      }),
  )
  return group
}

const withProfile = (name: string, description: string, examples: readonly string[]): Command =>
  command(name, description, examples).option(
    '--profile <file>',
    'by this profile, YAML or JSON (default: that of the configuration)',
  )

const profileOf = async (flags: ProfileFlags): Promise<Profile> =>
  flags.profile === undefined ? (await configOf(flags)).profile : loadProfile(flags.profile)

const filterOf = ({ family, metric, on, off }: ListFlags): ((kpi: NamedKpi) => boolean) => {
  if (metric !== undefined && !isMetricName(metric)) {
    const near = nearNames(metric, metricNames)
    throw new UsageError(
      `there is no metric ${metric}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`,
    )
  }
  return (kpi) =>
    (family === undefined || kpi.family === family) &&
    (metric === undefined || kpi.metrics.includes(metric)) &&
    (on !== true || kpi.isOn) &&
    (off !== true || !kpi.isOn)
}

/**
 * Prints one line per KPI in columns, the longest column last. A table with borders takes seconds for thousands of
 * lines, and cannot be searched.
 */
const printLines = (listed: readonly NamedKpi[], { id, version }: Profile): void => {
  printTable({
    columns: [
      ...[{ head: 'name' }, { head: 'unit' }, { head: 'on' }],
      ...[
        { head: 'mark', rank: 3 },
        { head: 'source', rank: 2 },
      ],
      { head: 'formula', narrow: 'cut', min: 20, rank: 1 },
    ],
    rows: listed.map(({ name, unit, isOn, source, mark, formula }) => [
      ...[name, unit, isOn ? 'on' : 'off', mark ?? '-', source ?? '-', formula],
    ]),
  })
  const on = listed.filter(({ isOn }) => isOn).length
  printText(
    `${listed.length} KPIs, ${on} of them on in profile ${id} version ${version}; streamvane kpis describe <name> says more`,
  )
}
