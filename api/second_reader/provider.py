"""The server that is asked: any that speaks OpenAI's chat completions, at the one address that is set, with no tools and no redirects."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
import openai

from api.second_reader.configuration import ReaderSettings
from api.second_reader.prompts import Prompt

Outcome = Literal[
    "read", "refused", "truncated", "wrong_form", "rate_limited", "timed_out", "cut_off", "unavailable", "rejected",
    "over_budget", "nothing_to_read",
]  # fmt: skip

_LARGEST_ANSWER = 4 * 2**20
# Whoever asks to be asked later than this is not waited for.
LONGEST_WAIT = 60.0
# What a server may refuse of a request, and what is sent instead.
_SCHEMA, _OBJECT = "json_schema", "json_object"
_MOST_FORMS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, and the tokens that its server counted; None where it counted none."""

    text: str
    prompt_tokens: int | None
    answer_tokens: int | None
    seconds: float


class ReaderError(Exception):
    """There is no answer that can be used.

    `spent` tells whether tokens may have been used all the same; `wait` is None where to ask again is of no use.
    """

    def __init__(
        self, outcome: Outcome, sentence: str, *, spent: bool, wait: float | None = None, answer: Answer | None = None
    ) -> None:
        super().__init__(sentence)
        self.outcome, self.sentence, self.spent, self.wait, self.answer = outcome, sentence, spent, wait, answer


class _Form:
    """How requests are written: found out once, as the server refuses what it does not know."""

    def __init__(self) -> None:
        self.format, self.limit, self.temperature = _SCHEMA, "max_tokens", True

    def options(self, prompt: Prompt, most: int) -> dict[str, Any]:
        """Return the options of a request."""
        shape: dict[str, Any] = {"type": self.format}
        if self.format == _SCHEMA:
            shape["json_schema"] = {"name": "answer", "schema": prompt.schema, "strict": True}
        return {"response_format": shape, self.limit: most, **({"temperature": 0} if self.temperature else {})}

    def adapt(self, refusal: str) -> bool:
        """Write the next request otherwise; tell whether there is another way."""
        if self.limit == "max_tokens" and "max_completion_tokens" in refusal:
            self.limit = "max_completion_tokens"
        elif self.temperature and "temperature" in refusal:
            self.temperature = False
        elif self.format == _SCHEMA:
            self.format = _OBJECT
        else:
            return False
        return True


class Provider:
    """Asks a model one question at a time, and says in words what came of it."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings, self._form = settings, _Form()
        # A variable of the environment can make the library log what it sends.
        logging.getLogger("openai").setLevel(logging.WARNING)

    def ask(self, prompt: Prompt) -> Answer:
        """Return the answer to a prompt; raise `ReaderError` where there is none that is whole."""
        return asyncio.run(self._ask(prompt))

    async def _ask(self, prompt: Prompt) -> Answer:
        begun = time.monotonic()
        seconds = self._settings.seconds
        try:
            # The whole answer within the time: a server that sends a byte now and then would never be late otherwise.
            async with asyncio.timeout(seconds), self._client() as client:
                completion = await self._complete(client, prompt)
        except (TimeoutError, openai.APITimeoutError) as error:
            raise ReaderError("timed_out", f"the model did not answer within {seconds:g} seconds; ask again, or raise PREVENTION_READER_SECONDS", spent=True, wait=1.0) from error  # fmt: skip
        except openai.APIStatusError as error:
            raise _refused(error) from error
        except openai.APIConnectionError as error:
            raise _unreached(error) from error
        except (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
            raise ReaderError("wrong_form", "the server's answer is no chat completion; check PREVENTION_READER_URL", spent=True) from error  # fmt: skip
        return _whole(completion, time.monotonic() - begun)

    def _client(self) -> openai.AsyncOpenAI:
        # Its own retries would pass over the budget; proxies and variables of the environment could send text elsewhere.
        client = openai.AsyncOpenAI(
            api_key=self._settings.key.get_secret_value() or "none",
            base_url=self._settings.url,
            timeout=self._settings.seconds,
            max_retries=0,
            http_client=httpx2.AsyncClient(
                transport=_Plain(), follow_redirects=False, trust_env=False, timeout=self._settings.seconds
            ),
        )
        client.organization = client.project = None
        return client

    async def _complete(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Any:
        messages: Any = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        for _ in range(_MOST_FORMS):
            try:
                return await client.chat.completions.create(
                    model=self._settings.model, messages=messages, **self._form.options(prompt, self._settings.answer_tokens)
                )  # fmt: skip
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._form.adapt(str(error)):
                    raise
        raise AssertionError("a form was tried twice")


class _Plain(httpx2.AsyncHTTPTransport):
    """Sends nothing of this machine that is not asked for, and takes no more than an answer can be."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        for name in [name for name in request.headers if name.lower().startswith(("x-stainless", "openai-"))]:
            del request.headers[name]
        request.headers["User-Agent"] = "prevention-classifier"
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.DecodingError("the answer is packed, and was not asked to be", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    """A stream that ends with an error where it is too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        taken = 0
        async for part in self._stream:
            taken += len(part)
            if taken > _LARGEST_ANSWER:
                raise httpx2.DecodingError(f"the answer is longer than {_LARGEST_ANSWER} bytes")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _whole(completion: Any, seconds: float) -> Answer:
    """Return the answer that a completion holds; raise `ReaderError` where the model refused or did not come to an end."""
    usage = getattr(completion, "usage", None)
    prompt_tokens, answer_tokens = (_count(getattr(usage, name, None)) for name in ("prompt_tokens", "completion_tokens"))  # fmt: skip
    choices = getattr(completion, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    text = getattr(message, "content", None)
    answer = Answer(text if isinstance(text, str) else "", prompt_tokens, answer_tokens, seconds)
    finish = getattr(choice, "finish_reason", None)
    if getattr(message, "refusal", None) or finish == "content_filter":
        raise ReaderError("refused", "the model refuses to read this document; name another model, or read it without", spent=True, answer=answer)  # fmt: skip
    if finish == "length":
        raise ReaderError("truncated", "the model's answer was cut at its longest; raise PREVENTION_READER_ANSWER_TOKENS, or name another model", spent=True, answer=answer)  # fmt: skip
    if message is None or not answer.text:
        raise ReaderError("wrong_form", "the server's answer holds no words; check PREVENTION_READER_URL and PREVENTION_READER_MODEL", spent=True, answer=answer)  # fmt: skip
    return answer


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _refused(error: openai.APIStatusError) -> ReaderError:
    """Return what a status means; the server's own words are left out, since it may repeat the document in them."""
    status = error.status_code
    if status == 429:
        asked = _seconds(error.response.headers.get("retry-after"))
        wait = asked if asked is None or asked <= LONGEST_WAIT else None
        when = f"in {asked:.0f} seconds" if asked is not None else "later"
        sentence = f"the server takes no more requests at present (429); ask again {when}"
        return ReaderError("rate_limited", sentence, spent=False, wait=None if asked is not None and wait is None else wait or 2.0)  # fmt: skip
    if status >= 500:
        return ReaderError("unavailable", f"the server failed ({status}); ask again", spent=True, wait=2.0)
    if 300 <= status < 400:
        return ReaderError("rejected", f"the server points elsewhere ({status}), and is not followed; set PREVENTION_READER_URL to the address itself", spent=False)  # fmt: skip
    return ReaderError("rejected", f"the server refuses the request ({status}); check PREVENTION_READER_URL, PREVENTION_READER_MODEL and PREVENTION_READER_KEY", spent=False)  # fmt: skip


def _unreached(error: openai.APIConnectionError) -> ReaderError:
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        return ReaderError("unavailable", "the server cannot be reached; start it, or check PREVENTION_READER_URL", spent=False, wait=1.0)  # fmt: skip
    if isinstance(cause, httpx2.DecodingError):
        return ReaderError("wrong_form", "the server's answer is packed or too long; check PREVENTION_READER_URL", spent=True)  # fmt: skip
    return ReaderError("cut_off", "the connection broke before the answer was whole; ask again", spent=True, wait=1.0)


def _seconds(value: str | None) -> float | None:
    """Return the seconds of a Retry-After; a date is no number, and is passed over."""
    try:
        found = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return found if 0 <= found < 10**7 else None
