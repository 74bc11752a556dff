// What the page asks of the program that serves it.

const kPatience = 15000;  // ms

export class ServerError extends Error {
  constructor(words, {gone = false, ended = false, wrong = false} = {}) {
    super(words);
    this.gone = gone;    // nobody answered
    this.ended = ended;  // the cluster has
    this.wrong = wrong;  // the question makes no sense
  }
}

async function read(reply) {
  try {
    return await reply.json();
  } catch {
    throw new ServerError("the dashboard's answer was cut off", {gone: true});
  }
}

// ask("list", {kind: "nodes", filter: ["state=alive"]}): the answer, or a ServerError.
export async function ask(what, options = {}) {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(options))
    for (const each of [value].flat())
      if (each !== null && each !== undefined && each !== "") words.append(key, each);
  let reply;
  try {
    reply = await fetch(`api/${what}?${words}`, {signal: AbortSignal.timeout(kPatience)});
  } catch {
    throw new ServerError("", {gone: true});
  }
  if (reply.status === 403)
    throw new ServerError("This browser may not look any more: type atoll dashboard again and open the new link.");
  const answer = await read(reply);
  if (reply.ok) return answer;
  throw new ServerError(
      answer.error ?? `status ${reply.status}`,
      {ended: answer.ended === true, wrong: reply.status === 400 || reply.status === 404});
}
