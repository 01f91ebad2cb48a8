"""GraphQL over HTTP: a body within its limits -> parameters -> a document -> an answer.

parameters.py what was asked · documents.py parsed and validated once · endpoint.py the way of a request ·
answers.py what goes back, in the media type that the client takes
"""
