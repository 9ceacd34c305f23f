FROM python:3.12-slim
WORKDIR /srv
ENV PATH=/srv/.venv/bin:$PATH PYTHONUNBUFFERED=1
COPY requirements.lock pyproject.toml README.md ./
RUN python -m venv .venv && pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && useradd desk && mkdir var && chown desk var
USER desk
