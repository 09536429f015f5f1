import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = new URL('../..', import.meta.url).pathname
const WORKFLOWS = '.github/workflows/'
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')

type Step = { uses?: string; run?: string; with?: Record<string, unknown>; script?: string; env?: object }
type Job = { permissions?: Record<string, string>; 'timeout-minutes'?: number; steps: Step[]; env?: object }
type Workflow = { on: object; permissions?: Record<string, string>; jobs: Record<string, Job> }

/** What makes a workflow open to attack: mutable actions, kept credentials, wide rights, text of others in a script. */
const workflowProblems = (text: string): string[] => {
  const { on, permissions, jobs } = parse(text) as Workflow
  const wide = permissions === undefined || Object.values(permissions).includes('write')
  return [
    ...(wide ? ['rights of the whole workflow: state none, or only reading'] : []),
    ...('pull_request_target' in on ? ['pull_request_target runs with rights and secrets'] : []),
    ...Object.entries(jobs).flatMap(([name, job]) => [
      ...(job['timeout-minutes'] === undefined ? [`${name}: no timeout`] : []),
      ...job.steps.flatMap(stepProblems),
    ]),
  ]
}

const stepProblems = ({ uses, run, with: inputs }: Step): string[] => [
  ...(uses !== undefined && !/@[0-9a-f]{40}$/.test(uses) ? [`${uses}: not pinned to a commit`] : []),
  ...(uses?.startsWith('actions/checkout@') === true && inputs?.['persist-credentials'] !== false
    ? [`${uses}: keeps its credentials`]
    : []),
  ...(run?.includes('${{') === true ? [`an expression within a script: ${run}`] : []),
]

describe('The workflows of GitHub', () => {
  const files = readdirSync(`${ROOT}${WORKFLOWS}`)

  test.each(files)('%s pins its actions to commits, keeps no credentials and asks for the rights it needs', (file) => {
    expect(workflowProblems(read(`${WORKFLOWS}${file}`))).toEqual([])
  })

  test.each(files)('%s names a version behind each commit, which Renovate keeps up', (file) => {
    const uses = read(`${WORKFLOWS}${file}`).match(/uses: .*/g) ?? []
    expect(uses.filter((line) => !/ # v\d+\.\d+\.\d+$/.test(line))).toEqual([])
  })

  test.each([
    ['@11bd71901bbe5b1630ceea73d27597364c9af683', '@v4', 'not pinned to a commit'],
    ['persist-credentials: false', 'persist-credentials: true', 'keeps its credentials'],
    ['contents: read', 'contents: write', 'only reading'],
    ['timeout-minutes: 60', 'name: ci', 'no timeout'],
    ['run: .ci/run', 'run: echo ${{ github.head_ref }}', 'an expression within a script'],
    ['pull_request:', 'pull_request_target:', 'runs with rights and secrets'],
  ])('are refused where %s is replaced by %s', (good, planted, problem) => {
    const text = read(`${WORKFLOWS}ci.yml`)
    expect(text).toContain(good)
    expect(workflowProblems(text.replace(good, planted)).join()).toContain(problem)
  })

  test('let only the jobs that release have an identity, each in an environment with reviewers', () => {
    const { jobs } = parse(read(`${WORKFLOWS}release.yml`)) as Record<
      'jobs',
      Record<string, Job & { environment: string }>
    >
    expect(Object.values(jobs).map(({ environment }) => environment)).toEqual(['npm', 'image'])
    const attests = { 'id-token': 'write', attestations: 'write' }
    expect(jobs['release']?.permissions).toEqual({ contents: 'write', ...attests })
    expect(jobs['image']?.permissions).toEqual({ contents: 'read', packages: 'write', ...attests })
    const others = files.filter((file) => file !== 'release.yml').map((file) => read(`${WORKFLOWS}${file}`))
    expect(others.filter((text) => text.includes('id-token'))).toEqual([])
  })

  test('attest of the image, by the digest that was pushed, how it was built and what is in it', () => {
    const { jobs } = parse(read(`${WORKFLOWS}release.yml`)) as Pick<Workflow, 'jobs'>
    const attested = jobs['image']?.steps.filter(({ uses }) => uses?.includes('/attest-') === true)
    expect(attested?.map(({ uses }) => uses?.split('@')[0])).toEqual([
      'actions/attest-build-provenance',
      'actions/attest-sbom',
    ])
    for (const step of attested ?? [])
      expect(step.with).toMatchObject({
        'subject-digest': '${{ steps.image.outputs.digest }}',
        'push-to-registry': true,
      })
  })
})

describe('The pipeline of Azure DevOps', () => {
  const azure = parse(read('azure-pipelines.yml')) as { jobs: { timeoutInMinutes: number; steps: Step[] }[] }
  const github = (parse(read(`${WORKFLOWS}ci.yml`)) as { jobs: { ci: Job } }).jobs.ci

  test('runs the same commands with the same gates as the workflow of GitHub', () => {
    const [job] = azure.jobs
    const scripts = job?.steps.filter(({ script }) => script !== undefined)
    expect(scripts?.map(({ script }) => script)).toEqual(github.steps.flatMap(({ run }) => run ?? []))
    expect(scripts?.at(-1)).toMatchObject({ script: '.ci/run', env: github.env })
    expect(job?.timeoutInMinutes).toBe(github['timeout-minutes'])
  })

  test('keeps no credentials of the checkout', () => {
    expect(azure.jobs[0]?.steps[0]).toEqual({ checkout: 'self', persistCredentials: false })
  })
})

test('CI runs the gates of advisories and licences', () => {
  const ci = read('.ci/run')
  for (const gate of ['npm run audit:gate', 'npm run licences']) expect(ci).toContain(gate)
})
