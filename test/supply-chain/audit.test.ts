import { describe, expect, test } from 'vitest'
import { auditProblems } from '../../dev/supply-chain/audit.mjs'

/** As npm 11 prints it (auditReportVersion 2), cut to what is read. */
const REPORT = {
  auditReportVersion: 2,
  vulnerabilities: {
    minimist: {
      name: 'minimist',
      severity: 'critical',
      isDirect: false,
      via: [
        {
          source: 1097678,
          name: 'minimist',
          dependency: 'minimist',
          title: 'Prototype Pollution in minimist',
          url: 'https://github.com/advisories/GHSA-xvch-5gv4-984h',
          severity: 'critical',
          range: '<0.2.4',
        },
      ],
      effects: ['mkdirp'],
    },
    mkdirp: { name: 'mkdirp', severity: 'critical', isDirect: true, via: ['minimist'], effects: [] },
  },
}
const EXCEPTION = { advisory: 'GHSA-xvch-5gv4-984h', reason: 'arguments come from the operator', expires: '2030-02-01' }
const withSeverity = (severity: string) => {
  const report = structuredClone(REPORT)
  const [advisory] = report.vulnerabilities.minimist.via
  if (advisory !== undefined) advisory.severity = severity
  return report
}

describe('The gate of npm audit', () => {
  test('refuses an advisory once, whatever depends on its package, with its address', () => {
    expect(auditProblems(REPORT, [], '2030-01-01')).toEqual([
      'GHSA-xvch-5gv4-984h: critical in minimist: Prototype Pollution in minimist ' +
        '(https://github.com/advisories/GHSA-xvch-5gv4-984h)',
    ])
  })

  test('passes an advisory with an exception up to its day, and refuses it on the day after', () => {
    expect(auditProblems(REPORT, [EXCEPTION], '2030-02-01')).toEqual([])
    expect(auditProblems(REPORT, [EXCEPTION], '2030-02-02')).toEqual([
      'GHSA-xvch-5gv4-984h: the exception expired on 2030-02-01',
    ])
  })

  test('refuses an exception that has no reason, no date, or lasts longer than 90 days', () => {
    const refused = (change: Partial<typeof EXCEPTION>) =>
      auditProblems(REPORT, [{ ...EXCEPTION, ...change }], '2030-01-01')?.join()
    expect(refused({ reason: ' ' })).toContain('has no reason')
    expect(refused({ expires: 'never' })).toContain('must be a date')
    expect(refused({ expires: '2031-01-01' })).toContain('longer than 90 days')
  })

  test('refuses from moderate on, and passes what is low', () => {
    expect(auditProblems(withSeverity('moderate'), [], '2030-01-01')).toHaveLength(1)
    expect(auditProblems(withSeverity('low'), [], '2030-01-01')).toEqual([])
  })

  test('says that there is no report where the registry did not answer, rather than that all is well', () => {
    const answer = { message: '405 Method Not Allowed', statusCode: 405, error: { summary: '', detail: '' } }
    expect(auditProblems(answer, [], '2030-01-01')).toBeUndefined()
    expect(auditProblems({ vulnerabilities: {} }, [], '2030-01-01')).toEqual([])
  })
})
