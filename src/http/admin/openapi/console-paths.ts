const problem = { default: { $ref: '#/components/responses/Problem' } }

const session = {
  type: 'object',
  required: ['kind', 'name', 'roles', 'tenant', 'isReadOnly', 'version', 'endsAt', 'idleMaxS'],
  properties: {
    kind: { enum: ['token', 'oidc', 'local'] },
    ...{ name: { type: 'string' }, tenant: { type: 'string' }, version: { type: 'string' } },
    roles: { type: 'array', items: { enum: ['viewer', 'operator', 'auditor'] } },
    ...{
      isReadOnly: { type: 'boolean' },
      endsAt: { type: 'string', format: 'date-time' },
      idleMaxS: { type: 'integer' },
    },
  },
}

const view = (summary: string) => ({
  200: { description: summary, content: { 'application/json': { schema: session } } },
  ...problem,
})

const text = (name: string, place: string, description: string, required = false) => ({
  ...{ name, in: place, required, description, schema: { type: 'string' } },
})

/** The paths of the console in the OpenAPI document; they are there where the process serves the console. */
export const consolePaths = {
  '/v1/session': {
    get: {
      ...{ operationId: 'showSession', summary: 'who is signed in by the cookie of the browser', tags: ['console'] },
      responses: view('the session'),
    },
    post: {
      ...{
        operationId: 'beginSession',
        summary: 'exchange a token, or a one-time code, for a cookie',
        tags: ['console'],
      },
      parameters: [text('x-streamvane-console', 'header', 'any value; a page of another origin cannot send it', true)],
      requestBody: {
        required: false,
        content: {
          'application/json': { schema: { type: 'object', properties: { code: { type: 'string' } } } },
        },
      },
      responses: view('the session, and a Set-Cookie'),
    },
    delete: {
      ...{ operationId: 'endSession', summary: 'sign out', tags: ['console'] },
      responses: { 204: { description: 'the session is over' }, ...problem },
    },
  },
  '/v1/tenants/{tenant}/live': {
    get: {
      operationId: 'watchFlow',
      summary:
        'server-sent events: flow about once a second; rows as they are published; reload where some were left out',
      description: 'Roles: viewer, operator, auditor. Goes on from Last-Event-ID.',
      tags: ['console'],
      parameters: [
        text('tenant', 'path', 'the tenant', true),
        text('rows', 'query', 'tell of the rows of this family'),
        text('granularity', 'query', 'of intervals of this length only'),
        text('from', 'query', 'of intervals that start at this instant or later'),
        text('to', 'query', 'and before this one'),
        text('Last-Event-ID', 'header', 'the id of the last event that was seen'),
      ],
      responses: {
        200: { description: 'the events', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        ...problem,
      },
    },
  },
}
