import { cp, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeDeploy, ran, repository } from '../../support/deploy-tools.js'

const modules = [
  ['azurerm', 'deploy/azure/terraform'],
  ['aws', 'deploy/aws'],
  ['google', 'deploy/gcp'],
] as const

type Schema = Readonly<Record<string, { required?: boolean; block?: Schema }>>
type Provider = Readonly<{ types: Readonly<Record<string, Schema>> }>
type Body = Readonly<Record<string, readonly unknown[]>>

/** What Terraform itself understands in every resource. */
const META = ['for_each', 'count', 'depends_on', 'lifecycle', 'dynamic']

/** Arguments and blocks that the schema does not know, or demands and does not find. */
const bodyFaults = (at: string, body: Body, schema: Schema): readonly string[] => {
  const names = Object.keys(body).filter((name) => !name.startsWith('__') && !META.includes(name))
  const dynamic = (body['dynamic'] ?? []).flatMap((one) => Object.keys(one as object))
  return [
    ...names.filter((name) => !(name in schema)).map((name) => `${at} has no argument ${name}`),
    ...Object.entries(schema)
      .filter(([name, { required }]) => required && !names.includes(name) && !dynamic.includes(name))
      .map(([name]) => `${at} lacks ${name}`),
    ...names.flatMap((name) => {
      const { block } = schema[name] ?? {}
      if (block === undefined) return []
      return (body[name] ?? []).flatMap((one) =>
        one !== null && typeof one === 'object' && !Array.isArray(one)
          ? bodyFaults(`${at}.${name}`, one as Body, block)
          : [],
      )
    }),
  ]
}

/** The faults of the resources and data sources of one provider, by address. */
const faultsOf = (parsed: Record<string, unknown>, { types }: Provider, prefix: string): readonly string[] =>
  (['resource', 'data'] as const).flatMap((kind) =>
    ((parsed[kind] ?? []) as Record<string, Record<string, Body>>[]).flatMap((one) =>
      Object.entries(one).flatMap(([type, named]) => {
        if (!type.startsWith(`${prefix}_`)) return [`${type} is of another provider`]
        const schema = types[kind === 'data' ? `data.${type}` : type]
        if (schema === undefined)
          return [`${type} is in no schema: node dev/write-terraform-schemas.mjs, if it is a type of the provider`]
        return Object.entries(named).flatMap(([name, body]) => bodyFaults(`${type}.${name}`, body, schema))
      }),
    ),
  )

const filesIn = async (folder: string) =>
  (await readdir(repository(folder))).filter((name) => name.endsWith('.tf')).map((name) => repository(folder, name))

describeDeploy('Terraform', ({ hclfmt, python }) => {
  const parsed = async (text: string): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await ran(
      python,
      ['-c', 'import hcl2, json, sys; print(json.dumps(hcl2.load(sys.stdin)))'],
      text,
    )
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const whole = async (folder: string) =>
    (await Promise.all((await filesIn(folder)).map((file) => readFile(file, 'utf8')))).join('\n')
  const schemaOf = async (provider: string) =>
    JSON.parse(await readFile(repository('deploy/schemas', `${provider}.json`), 'utf8')) as Provider

  test.each(modules)('%s: every file is formatted', async (_provider, folder) => {
    for (const file of await filesIn(folder)) {
      const { code, stdout, stderr } = await ran(hclfmt, [file])
      expect(code, stderr).toBe(0)
      expect(stdout, `hclfmt -w ${file}`).toBe(await readFile(file, 'utf8'))
    }
  })

  test.each(modules)('%s: every resource has the arguments and blocks of its schema', async (provider, folder) => {
    expect(faultsOf(await parsed(await whole(folder)), await schemaOf(provider), provider)).toEqual([])
  })

  test.each([
    ['an argument that does not exist', 'resource "aws_sqs_queue" "x" { fifo = true }', 'has no argument fifo'],
    [
      'an argument that is missing',
      'resource "aws_sns_topic_subscription" "x" { protocol = "email" }',
      'lacks endpoint',
    ],
    [
      'an argument of a block that does not exist',
      'resource "aws_msk_cluster" "x" {\n encryption_info {\n in_transit = true\n }\n}',
      'aws_msk_cluster.x.encryption_info has no argument in_transit',
    ],
    ['a type that does not exist', 'resource "aws_sqs_topic" "x" { name = "a" }', 'is in no schema'],
  ])('%s is found', async (_title, text, said) => {
    expect(faultsOf(await parsed(text), await schemaOf('aws'), 'aws').join('\n')).toContain(said)
  })

  describe('policies', () => {
    /** Names of the checks that fail. */
    const failed = async (framework: string, folder: string): Promise<readonly string[]> => {
      const options = ['--skip-download', '--compact', '--quiet', '-o', 'json']
      const { stdout, stderr } = await ran(python, [
        '-m',
        'checkov.main',
        '-d',
        folder,
        '--framework',
        framework,
        ...options,
      ])
      const report = JSON.parse(stdout) as {
        results?: { failed_checks: { check_id: string }[] }
        summary?: { passed: number; parsing_errors?: number }
      }
      expect(report.summary?.passed, stderr).toBeGreaterThan(5)
      expect(report.summary?.parsing_errors ?? 0).toBe(0)
      return (report.results?.failed_checks ?? []).map(({ check_id }) => check_id)
    }
    const all = [
      ...modules.map(([, folder]) => ['terraform', folder] as const),
      ['bicep', 'deploy/azure/bicep'] as const,
    ]

    test.each(all)('%s in %s violates none that is not excused beside the resource', async (framework, folder) => {
      expect(await failed(framework, repository(folder))).toEqual([])
    })

    test.each([
      [
        'terraform',
        'deploy/aws',
        'keys.tf',
        'enable_key_rotation     = true',
        'enable_key_rotation = false',
        'CKV_AWS_7',
      ],
      [
        'bicep',
        'deploy/azure/bicep',
        'main.bicep',
        "minimumTlsVersion: 'TLS1_2'",
        "minimumTlsVersion: 'TLS1_0'",
        'CKV_AZURE_44',
      ],
    ])('a violation in %s is found', async (framework, folder, file, from, to, check) => {
      const copy = await mkdtemp(join(tmpdir(), 'streamvane-policy-'))
      await cp(repository(folder), copy, { recursive: true })
      const text = await readFile(join(copy, file), 'utf8')
      expect(text).toContain(from)
      await writeFile(join(copy, file), text.replaceAll(from, to))
      expect(await failed(framework, copy)).toContain(check)
    })
  })
})
