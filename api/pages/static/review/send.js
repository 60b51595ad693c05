// The review is sent as one request under the draft's id: sent twice, it is kept once.

import { call } from "../service.js";

export class Sending {
  constructor(data, draft, conflict, tell) {
    Object.assign(this, { data, draft, conflict, tell, busy: false });
  }

  /** Send the review; return whether it was kept. */
  async send() {
    if (this.busy) return false;
    if (!this.draft.canSend) {
      this.tell("Nothing is answered yet: choose a level, or confirm what the model says.");
      return false;
    }
    this.busy = true;
    try {
      if (!(await this.draft.flush())) return false;
      return await this.#post();
    } catch (refused) {
      this.tell(refused.message);
      return false;
    } finally {
      this.busy = false;
    }
  }

  async #post() {
    const { content, id } = this.draft;
    const headers = { "Idempotency-Key": id };
    try {
      const { annotations } = await call("POST", `/v1/documents/${this.data.document}/annotations`, content, headers);
      content.seen = annotations.at(-1).id;
    } catch (refused) {
      if (refused.code === "annotated_meanwhile") return this.#meanwhile();
      throw refused;
    }
    await this.draft.drop();
    return true;
  }

  /** Show what another person has said meanwhile, and let the reviewer decide. */
  async #meanwhile() {
    const { annotations } = await call("GET", `/v1/documents/${this.data.document}/annotations?limit=200`);
    const mine = this.draft.content;
    const newer = annotations.filter((one) => one.id > mine.seen);
    const other = newer.find((one) => one.criteria !== null) ?? newer[0];
    const answer = await this.conflict.ask({
      title: `${other.annotator} has reviewed this document meanwhile`,
      why: "Both reviews can be kept beside each other; yours is not lost either way.",
      mine,
      theirs: { criteria: other.criteria ?? {}, evidence: other.evidence, passages: Object.fromEntries(newer.filter((one) => one.passage_id).map((one) => [one.passage_id, one.labels])), note: other.note },
      mineName: "Yours",
      theirsName: other.annotator,
      keep: "Send mine beside it",
      take: "Go on editing",
    });
    this.draft.change((content) => {
      content.seen = annotations[0].id;
    });
    if (answer !== "keep" || !(await this.draft.flush())) return false;
    return this.#post();
  }
}
