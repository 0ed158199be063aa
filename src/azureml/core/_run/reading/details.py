"""What becomes of a run: its state, its console, its end, and everything that is known of it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from azureml._console import print_line
from azureml.core._run.handle import RunHandle
from azureml.core._states import LOST, TERMINAL_STATUSES
from azureml.exceptions._tree import (
    ActivityFailedException,
    ExperimentExecutionException,
    UserErrorException,
    sdk_errors,
)
from trackboard.layout.safe_paths import given_path
from trackboard.model import CONSOLE, REASON

if TYPE_CHECKING:
    from azureml._log_watch import LogWatch
    from azureml.core._run.reading.port import RunReading
    from azureml.core.environment import Environment
    from trackboard.model import Run as StoredRun

DOCS_URL = "https://learn.microsoft.com/python/api/overview/azure/ml/"
_FIRST_POLL_S, _LAST_POLL_S, _POLL_FACTOR = 0.05, 0.5, 1.3  # quick while something happens
LOST_TIMEOUT_S = 60.0


class DetailCalls(RunHandle):
    """The part of `Run` that tells how it goes."""

    def get_status(self) -> str:
        """The run's state by the SDK's name, as it is now."""
        with sdk_errors():
            return self._history.read().status

    @property
    def status(self) -> str:
        """The same as `get_status()`."""
        return self.get_status()

    def get_detailed_status(self) -> Dict[str, Optional[str]]:
        """`status`, and in `details` what a waiting run waits for, else None."""
        status = self.get_status()
        cause = "" if status in TERMINAL_STATUSES else self._waits_for()
        return {"status": status, "details": cause or None}

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> Dict[str, Any]:
        """Wait for the end of the run.

        Args:
            show_output: Print how its environment is built, and then what it prints, live; of a run that
                has ended, all of what it printed. Of a log of more than 10 MB (in a notebook 2) its
                begin and its end.
            wait_post_processing: Accepted; files are kept before a run is Completed.
            raise_on_error: Raise when it has failed. A canceled run never raises.

        Returns:
            What `get_details` returns.

        Raises:
            ActivityFailedException: The run has failed, or was lost for a minute.
            ExperimentExecutionException: Ctrl-C while the console was shown; the run goes on.
        """
        log = None
        if show_output:
            from azureml._log_watch import LogWatch

            has_ended = self.get_status() in TERMINAL_STATUSES
            log = LogWatch(self._history.tail, self._folder(), has_ended=has_ended)
            print_line(f"RunId: {self.id}\nWeb View: {self.get_portal_url()}")
        try:
            reading = self._wait(log)
        except KeyboardInterrupt:
            if not show_output:
                raise
            raise ExperimentExecutionException(
                f"Stopped watching run {self.id}, which goes on. End it with run.cancel()."
            ) from None
        stored, status = reading
        fails = status == "Failed" and raise_on_error
        if show_output:
            self._sum_up(stored, status, tells_cause=not fails)
        if fails:
            raise ActivityFailedException(self._failure(stored))
        with sdk_errors():
            return self._history.details(reading)

    def _wait(self, log: Optional[LogWatch]) -> RunReading:
        """Return the run as it is at the end; tell on the way what there is to tell."""
        waits_for = ""
        pause_s = _FIRST_POLL_S
        seen_s = time.monotonic()
        while True:
            with sdk_errors():
                reading = self._history.read()
            status = reading.status
            if status != LOST:
                seen_s = time.monotonic()
            elif time.monotonic() - seen_s > LOST_TIMEOUT_S:
                raise ActivityFailedException(
                    f"Run {self.id} does not respond: its process said nothing for a long time. It may"
                    " live on a machine that this one cannot ask; wait again if you know that it does."
                )
            is_over = status in TERMINAL_STATUSES
            has_news = False
            if log is not None:
                cause = "" if is_over else self._waits_for()
                if cause and cause != waits_for:
                    print_line(f"Status: {status} ({cause})")
                waits_for = cause or waits_for
                has_news = log.poll(status, is_over=is_over)
            if is_over:
                return reading
            pause_s = _FIRST_POLL_S if has_news else min(_LAST_POLL_S, pause_s * _POLL_FACTOR)
            time.sleep(pause_s)

    def _waits_for(self) -> str:
        with sdk_errors():
            return self._history.waits_for()

    def _sum_up(self, stored: StoredRun, status: str, *, tells_cause: bool) -> None:
        """Print the end of what is printed about a run."""
        lines = ["", "Execution Summary", "=================", f"RunId: {self.id}"]
        lines.append(f"Web View: {self.get_portal_url()}")
        if stored.warnings:
            lines += ["Warnings:", *stored.warnings]
        lines.append(f"Status: {status}")
        if stored.cause and tells_cause:
            lines[-1] += (
                f" ({stored.cause})" if status == "Canceled" else f"\nError: {stored.cause}"
            )
        print_line("\n".join(lines))

    def _failure(self, stored: StoredRun) -> str:
        """Why it failed: for people, and, as in the SDK, in JSON."""
        import json

        from azureml.core._run.reading.summary import DEFAULT_CODE, ERROR_CODE

        with sdk_errors():
            properties = self._history.properties()
        told = properties.get(REASON, stored.cause)
        first = told.partition("\n")[0].removesuffix(":").removesuffix("; its last lines")
        code = properties.get(ERROR_CODE, DEFAULT_CODE)
        error = {"error": {"code": code, "message": first}}
        console = self._folder() / CONSOLE
        where = f"\nIts console: {console}" if console.exists() else ""
        said = json.dumps(error, indent=4, ensure_ascii=False)
        return f"Run {self.id} failed: {stored.cause}{where}\nActivity Failed:\n{said}"

    def get_details(self) -> Dict[str, Any]:
        """What is known of the run, under the SDK's keys; those without a value are left out."""
        with sdk_errors():
            return self._history.details()

    def get_details_with_logs(self) -> Dict[str, Any]:
        """The same as `get_details`, with the contents of the log files instead of where they are."""
        details = self.get_details()
        details["logFiles"] = {
            name: self._read_log(name).decode("utf-8", "replace") for name in details["logFiles"]
        }
        return details

    def get_all_logs(self, destination: Optional[str] = None) -> List[str]:
        """Copy all log files of the run.

        Args:
            destination: The folder to copy to; None: one named after the run in the current folder.

        Returns:
            Where they are now.
        """
        with sdk_errors():
            folder = os.path.abspath(given_path(destination or self.id))
        locations = []
        with sdk_errors():
            names = self._history.log_files()
        for name in names:
            location = os.path.normpath(os.path.join(folder, name))
            try:
                os.makedirs(os.path.dirname(location), exist_ok=True)
                with open(location, "wb") as copy:
                    copy.write(self._read_log(name))
            except OSError as error:
                raise UserErrorException(
                    f"{name!r} cannot be copied to {folder!r}: {error.strerror or error}",
                    inner_exception=error,
                ) from error
            locations.append(location)
        return locations

    def get_portal_url(self) -> str:
        """What to type to see the run in TensorBoard: there is no portal."""
        with sdk_errors():
            return self._history.portal_url()

    @property
    def identity(self) -> str:
        """Its id."""
        return self.id

    @property
    def portal_url(self) -> str:
        """The same as `get_portal_url()`."""
        return self.get_portal_url()

    @staticmethod
    def get_docs_url() -> str:
        """Return where the SDK's documents are."""
        return DOCS_URL

    @property
    def input_datasets(self) -> Dict[str, Any]:
        """Empty: there are no datasets yet."""
        return {}

    @property
    def output_datasets(self) -> Dict[str, Any]:
        """Empty: there are no datasets yet."""
        return {}

    def get_environment(self) -> Environment:
        """The environment of a job, as it was decided when the job was submitted.

        Raises:
            UserErrorException: The run is no job.
        """
        from azureml.core._environment.of_run import environment_of
        from azureml.core.environment import Environment

        with sdk_errors():
            plan = self._history.plan()
        if plan is None:
            raise UserErrorException(
                f"Run {self.id} has no environment of its own: it used the Python that ran it."
            )
        return Environment._of(environment_of(plan.environment, self._backend.home.registered()))

    def get_secret(self, name: str) -> str:
        """Refused: there is no key vault.

        Raises:
            UserErrorException: Always; it says what to do instead.
        """
        raise UserErrorException(
            f"get_secret({name!r}): there is no key vault. Set an environment variable before you submit"
            f" (jobs get yours) and read os.environ[{name!r}]."
        )

    def get_secrets(self, secrets: List[str]) -> Dict[str, str]:
        """Refused, like `get_secret`."""
        return {name: self.get_secret(name) for name in secrets}

    # -- inside -----------------------------------------------------------------------------------

    def _read_log(self, name: str) -> bytes:
        with sdk_errors(), self._history.open(name) as file:
            return file.read()
