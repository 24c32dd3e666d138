"""App Service: pulls the images of function apps, runs them, and answers for them."""
