import type { FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type KpiUnit } from '../../domain/kpi.js'
import type { AvroSchema, NamedTypes } from './named-types.js'

/**
 * The KPI fields of a family: a record with a nullable field for each built-in KPI, and a map for the KPIs of the
 * profile. A family without built-in KPIs has only the map.
 */
export const kpiFields = (family: FamilyName, recordName: string, named: NamedTypes): readonly AvroSchema[] => {
  const kpis = builtInKpisOf(family)
  const builtIn = {
    name: 'kpis',
    type: {
      type: 'record',
      name: `${recordName}Kpis`,
      doc: 'The built-in KPIs, with the options of profile and organisation. null: the denominator is 0, there is no value.',
      fields: kpis.map(({ name, doc, formula, unit }) => ({
        name,
        type: ['null', ratioType(named)],
        default: null,
        doc: `${doc} Formula: ${formula}. Unit of the quotient: ${unitWords[unit]}.`,
      })),
    },
    doc: 'Formulas over the measures, as numerator and denominator.',
  }
  const ofProfile = {
    name: 'profileKpis',
    type: { type: 'map', values: profileKpiType(named) },
    default: {},
    doc: 'KPIs that the profile defines, by name. One that is not there has no value.',
  }
  return kpis.length === 0 ? [ofProfile] : [builtIn, ofProfile]
}

const unitWords: Readonly<Record<KpiUnit, string>> = {
  share: 'share between 0 and 1',
  ms: 'milliseconds',
  count: 'occurrences',
  number: 'a plain number',
}

const ratioType = (named: NamedTypes): string | AvroSchema =>
  named('Ratio', 'A quotient as its two terms: add terms first, divide last.', () => [
    { name: 'numerator', type: 'long', doc: 'Upper term. Unit: that of the measure it is made of.' },
    { name: 'denominator', type: 'long', doc: 'Lower term, never 0. Unit: that of the measure it is made of.' },
  ])

const profileKpiType = (named: NamedTypes): string | AvroSchema =>
  named(
    'ProfileKpi',
    'A KPI of the profile: a quotient as its two terms (add terms first, divide last), or a quantity.',
    () => [
      {
        name: 'numerator',
        type: 'double',
        doc: 'Upper term, or the quantity. Unit: as the formula of the profile has it.',
      },
      {
        name: 'denominator',
        type: ['null', 'double'],
        default: null,
        doc: 'Lower term, never 0. Unit: as the formula of the profile has it. null: the KPI is a quantity.',
      },
    ],
  )
